import type { Schemas } from '../api/client'
import type { Problem } from '../api/problem'
import { words } from '../words'

/** What a refusal says in one's language: by its code, where the catalogue has one; else as the
 *  server says it. */
export function detailOf(problem: Pick<Problem, 'code' | 'detail'>): string {
  return words.problems[problem.code] ?? problem.detail
}

/** What the server warns of, likewise. */
export function warningOf({ code, message }: Schemas['Warning']): string {
  return words.warnings[code] ?? message
}
