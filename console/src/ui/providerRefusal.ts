import { words } from '../words'

/** Why a provider's sign-in came to nothing, by the code that the URL says. */
export function providerRefusal(code: string): string {
  return words.login.providerRefused[code] ?? words.login.providerRefused.invalid_sign_in ?? code
}
