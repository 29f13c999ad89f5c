import { useEffect } from 'react'
import { words } from '../words'
import { say } from './toasts'
import { useUrl } from './useUrl'

/** Tells once whoever comes back from a provider that has confirmed nothing: the URL says it. */
export function useRefusal(): void {
  const [{ error }, change] = useUrl<{ error?: string }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is told by the URL alone
  useEffect(() => {
    if (error === undefined) return
    const isAway = error === 'unavailable'
    say((isAway && words.login.providerRefused[error]) || words.confirm.refused)
    change({ error: undefined })
  }, [error])
}
