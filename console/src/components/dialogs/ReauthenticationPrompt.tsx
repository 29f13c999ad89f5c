import { Suspense, useEffect, useState } from 'react'
import { setReauthenticationPrompt } from '../../auth/reauthentication'
import { useProviderError } from '../hooks/useProviderError'
import { lazyComponent } from '../lazyComponent'

const ReauthenticationDialog = lazyComponent(() => import('./ReauthenticationDialog'))

type Answer = (isConfirmed: boolean) => void

/** Host of the reauthentication dialog, rendered once per page. Each request that requires
 *  reauthentication opens the dialog, and is sent after the user has succeeded. */
export function ReauthenticationPrompt() {
  const [asked, setAsked] = useState<{ answer: Answer } | null>(null)
  useProviderError()
  useEffect(() => {
    let open: Answer | null = null
    setReauthenticationPrompt(
      () =>
        new Promise<boolean>((answer) => {
          open = answer
          setAsked({ answer })
        }),
    )
    return () => {
      setReauthenticationPrompt(() => Promise.resolve(false))
      // If the user signs out meanwhile, the open prompt fails, and the next request prompts again.
      open?.(false)
    }
  }, [])
  if (asked === null) return null
  const answer = (isConfirmed: boolean) => {
    setAsked(null)
    asked.answer(isConfirmed)
  }
  return (
    <Suspense>
      <ReauthenticationDialog onAnswer={answer} />
    </Suspense>
  )
}
