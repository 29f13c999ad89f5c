import type { Problem } from '../../api/problem'
import type { Strings } from '../../i18n'

/** Returns why a login failed, and how many tries remain. */
export function loginFailure(problem: Problem, words: Strings): string {
  const { login, common } = words
  switch (problem.code) {
    case 'invalid_credentials':
      return [login.wrong, remainingText(problem, words)].filter(Boolean).join(' ')
    case 'totp_invalid':
      return [login.wrongCode, remainingText(problem, words)].filter(Boolean).join(' ')
    case 'password_login_off':
      return login.passwordOff
    case 'too_many_attempts':
      return login.rest(Math.max(1, Math.ceil((problem.retryAfterSeconds ?? 60) / 60)))
    case 'unreachable':
      return common.unreachable
    default:
      return words.problems[problem.code] ?? problem.detail
  }
}

/** Returns text only when few tries remain: earlier it would worry people needlessly. */
function remainingText({ remaining }: Problem, { login }: Strings): string {
  if (remaining === null || remaining > 3) return ''
  return remaining === 0 ? '' : login.left(remaining)
}
