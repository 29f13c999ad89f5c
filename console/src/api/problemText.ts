import { strings } from '../i18n'
import type { Schemas } from './client'
import type { Problem } from './problem'

/** What a refusal says in one's language: by its code, where the catalogue has one; else as the
 *  server says it. */
export function problemText(problem: Pick<Problem, 'code' | 'detail'>): string {
  return strings.problems[problem.code] ?? problem.detail
}

/** What the server warns of, likewise. */
export function warningText({ code, message }: Schemas['Warning']): string {
  return strings.warnings[code] ?? message
}
