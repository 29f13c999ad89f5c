import { Suspense, useEffect, useState } from 'react'
import { setReauthenticationPrompt } from '../../auth/reauthentication'
import { useProviderError } from '../hooks/useProviderError'
import { lazyComponent } from '../lazyComponent'

const ReauthenticationDialog = lazyComponent(() => import('./ReauthenticationDialog'))

type Answer = (isConfirmed: boolean) => void

/** Where the question is shown whether it is you. It stands once in the page; any act that wants a
 *  confirmation comes here, and is done after a good answer. */
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
      // Who has signed out meanwhile has not answered, and the next one is asked anew.
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
