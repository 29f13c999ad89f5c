import { useState } from 'react'
import { asProblem } from '../../../api/problem'
import { unsavedInputFor } from '../../../lib/form/unsavedInput'
import { IdempotencyKeys } from '../../../lib/net/idempotencyKeys'
import type { NewMessage } from '../../../lib/task/messages'
import { useSendMessage } from '../../../queries/messages'
import { messageErrorText } from './messageErrors'

/** A message that is being written: its text, which outlives the form, and sending it. */
export function useMessageForm(taskId: number) {
  const draft = unsavedInputFor(`message/${taskId}`)
  const [text, setText] = useState(draft.read)
  const [keys] = useState(() => new IdempotencyKeys())
  const { mutate, isPending, error, reset } = useSendMessage(taskId)
  const change = (another: string) => {
    draft.save(another)
    setText(another)
    if (error) reset()
  }
  const send = (when: NewMessage['when']) => {
    const message = { text: text.trim(), when }
    if (!message.text || isPending) return
    const onSuccess = () => {
      keys.reset()
      // What was typed while it was sent stays.
      const typed = draft.read()
      change(typed === text ? '' : typed)
    }
    mutate({ ...message, key: keys.keyFor(message) }, { onSuccess })
  }
  return { text, change, send, isPending, problem: error ? sendProblem(error) : null }
}

/** Returns what is wrong, and whether a follow-up can say it instead. */
function sendProblem(error: unknown) {
  const { code } = asProblem(error)
  const isTooLate = code === 'task_ended' || code === 'no_messages'
  return { text: messageErrorText(error), isTooLate }
}
