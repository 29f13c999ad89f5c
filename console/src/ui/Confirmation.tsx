import { Suspense, useEffect, useState } from 'react'
import { askBy } from '../session/confirm'
import { late } from './late'
import { useRefusal } from './useRefusal'

const ConfirmationDialog = late(() => import('./ConfirmationDialog'))

type Answer = (isConfirmed: boolean) => void

/** Where the question is shown whether it is you. It stands once in the page; any act that wants a
 *  confirmation comes here, and is done after a good answer. */
export function Confirmation() {
  const [asked, setAsked] = useState<{ answer: Answer } | null>(null)
  useRefusal()
  useEffect(() => {
    let open: Answer | null = null
    askBy(
      () =>
        new Promise<boolean>((answer) => {
          open = answer
          setAsked({ answer })
        }),
    )
    return () => {
      askBy(() => Promise.resolve(false))
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
      <ConfirmationDialog onAnswer={answer} />
    </Suspense>
  )
}
