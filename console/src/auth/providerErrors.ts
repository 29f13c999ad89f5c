import { strings } from '../i18n'

/** Why a provider's sign-in came to nothing, by the code that the URL says. */
export function providerErrorText(code: string): string {
  return (
    strings.login.providerRefused[code] ?? strings.login.providerRefused.invalid_sign_in ?? code
  )
}
