import { useEffect } from 'react'
import { words } from '../words'
import { providerRefusal } from './providerRefusal'
import { say } from './toasts'
import { useUrl } from './useUrl'

/** Tells whoever comes back from a provider for nothing, and is signed in, once why: the URL says it. */
export function useRefusal(): void {
  const [{ error }, change] = useUrl<{ error?: string }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is told by the URL alone
  useEffect(() => {
    if (error === undefined) return
    // Signed in, one is refused as somebody else than oneself; all else confirms nothing either way.
    say(error === 'sign_in_refused' ? words.confirm.refused : providerRefusal(error))
    change({ error: undefined })
  }, [error])
}
