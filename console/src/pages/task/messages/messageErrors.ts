import { asProblem } from '../../../api/problem'
import { problemText } from '../../../api/problemText'
import { strings } from '../../../i18n'
import { showErrorToast, showToast } from '../../../state/toasts'

/** Returns the reason of a refused message or interrupt. */
export function messageErrorText(error: unknown): string {
  const problem = asProblem(error)
  return Object.values(problem.errors)[0]?.[0] ?? knownReason(problem.code) ?? problemText(problem)
}

export function showMessageError(error: unknown): void {
  const reason = knownReason(asProblem(error).code)
  if (reason) showToast(reason)
  else showErrorToast(error)
}

function knownReason(code: string): string | undefined {
  const known: Record<string, string> = strings.messages.problems
  return known[code]
}
