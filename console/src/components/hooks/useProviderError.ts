import { useEffect } from 'react'
import { providerErrorText } from '../../auth/providerErrors'
import { strings } from '../../i18n'
import { showToast } from '../../state/toasts'
import { useUrlSearch } from './useUrlSearch'

/** Tells whoever comes back from a provider for nothing, and is signed in, once why: the URL says it. */
export function useProviderError(): void {
  const [{ error }, change] = useUrlSearch<{ error?: string }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is told by the URL alone
  useEffect(() => {
    if (error === undefined) return
    // Signed in, one is refused as somebody else than oneself; all else confirms nothing either way.
    showToast(
      error === 'sign_in_refused' ? strings.reauthentication.refused : providerErrorText(error),
    )
    change({ error: undefined })
  }, [error])
}
