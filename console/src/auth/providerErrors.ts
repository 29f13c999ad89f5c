import { strings } from '../i18n'

/** Returns why signing in with a provider failed, from the error code in the URL. */
export function providerErrorText(code: string): string {
  return (
    strings.login.providerRefused[code] ?? strings.login.providerRefused.invalid_sign_in ?? code
  )
}
