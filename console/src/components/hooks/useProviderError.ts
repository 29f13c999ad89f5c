import { useEffect } from 'react'
import { providerErrorText } from '../../auth/providerErrors'
import { strings } from '../../i18n'
import { showToast } from '../../state/toasts'
import { useUrlSearch } from './useUrlSearch'

/** Shows an error once if the user, who is already signed in, returns from a provider without
 *  success. The URL has the error's code. */
export function useProviderError(): void {
  const [{ error }, change] = useUrlSearch<{ error?: string }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the URL's error triggers it
  useEffect(() => {
    if (error === undefined) return
    // For a signed-in user, `sign_in_refused` means that the provider authenticated another
    // account. Any other error only means that they didn't reauthenticate.
    showToast(
      error === 'sign_in_refused' ? strings.reauthentication.refused : providerErrorText(error),
    )
    change({ error: undefined })
  }, [error])
}
