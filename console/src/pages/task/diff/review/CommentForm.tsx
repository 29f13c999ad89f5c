import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { Button } from '../../../../components/controls/Button'
import { strings } from '../../../../i18n'
import type { UnsavedInput } from '../../../../lib/form/unsavedInput'
import { IdempotencyKeys } from '../../../../lib/net/idempotencyKeys'
import styles from './Thread.module.css'

const MAX_CHARACTERS = 10_000

/** `key`: the idempotency key. Repeating a request whose response was lost adds no second
 *  comment. */
export type CommentAction = { name: string; do: (body: string, key: string) => Promise<unknown> }

/** A text field with action buttons. Ctrl or ⌘ with Enter runs the first action. The text is kept
 *  in `written` until it is sent or cancelled, even if the form unmounts. */
export function CommentForm(props: Props) {
  const { body, start, isSending, write, close, submit } = useComment(props)
  const isOff = body.trim() === '' || isSending
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && body === start) close()
    const [first] = props.acts
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && first) {
      event.preventDefault()
      void submit(first)
    }
  }
  return (
    <div className={styles.form}>
      <label>
        <span className="hidden">{props.label}</span>
        <textarea
          className="input"
          // biome-ignore lint/a11y/noAutofocus: you opened the field to type into it
          autoFocus
          rows={3}
          maxLength={MAX_CHARACTERS}
          placeholder={props.label}
          value={body}
          onChange={(event) => write(event.target.value)}
          onKeyDown={press}
        />
      </label>
      <div className="row wrap">
        {props.acts.map((one) => (
          <Button key={one.name} disabled={isOff} onClick={() => submit(one)}>
            {one.name}
          </Button>
        ))}
        <Button variant="quiet" onClick={close}>
          {strings.common.cancel}
        </Button>
        {props.hint && <span className="hint grow">{props.hint}</span>}
      </div>
    </div>
  )
}

type Props = {
  label: string
  acts: CommentAction[]
  onClose: () => void
  written: UnsavedInput
  start?: string | undefined
  hint?: ReactNode
}

/** Holds the text until the server accepts it, and sends it only once. */
function useComment({ start = '', written, onClose }: Props) {
  const [body, setBody] = useState(written.read() || start)
  const [isSending, setSending] = useState(false)
  const [once] = useState(() => new IdempotencyKeys())
  const write = (text: string) => {
    setBody(text)
    written.save(text === start ? '' : text)
  }
  const close = () => {
    written.save('')
    onClose()
  }
  const submit = async ({ name, do: send }: CommentAction) => {
    if (body.trim() === '' || isSending) return
    setSending(true)
    try {
      await send(body, once.keyFor([name, body]))
      close()
    } catch {
      setSending(false)
    }
  }
  return { body, start, isSending, write, close, submit }
}
