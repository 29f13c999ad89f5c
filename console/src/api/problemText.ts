import { strings } from '../i18n'
import type { Schemas } from './client'
import type { Problem } from './problem'

/** Translates a problem if its code is in the catalog; otherwise returns the server's message. */
export function problemText(problem: Pick<Problem, 'code' | 'detail'>): string {
  return strings.problems[problem.code] ?? problem.detail
}

/** Does the same for a warning of the server. */
export function warningText({ code, message, nearest }: Schemas['Warning']): string {
  const own = strings.warnings[code]
  if (own === undefined) return message
  return nearest === null ? own : `${own}${strings.didYouMean(nearest)}`
}
