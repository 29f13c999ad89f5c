import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { Once } from '../../../lib/once'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import styles from './Thread.module.css'

const MOST_CHARACTERS = 10_000

/** `key` makes what is sent twice, because its answer was lost, one comment. */
export type Act = { name: string; do: (body: string, key: string) => Promise<unknown> }

/** Some words, and what can be done with them; the first act is that of Ctrl or ⌘ with Enter. What
 *  was written stays until it is taken. */
export function CommentForm(props: {
  label: string
  acts: Act[]
  onClose: () => void
  start?: string
  hint?: ReactNode
}) {
  const [body, setBody] = useState(props.start ?? '')
  const [isSending, setSending] = useState(false)
  const [once] = useState(() => new Once())
  const act = async ({ name, do: send }: Act) => {
    if (body.trim() === '' || isSending) return
    setSending(true)
    try {
      await send(body, once.keyOf([name, body]))
      props.onClose()
    } catch {
      setSending(false)
    }
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && body === (props.start ?? '')) props.onClose()
    const [first] = props.acts
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && first) {
      event.preventDefault()
      void act(first)
    }
  }
  return (
    <div className={styles.form}>
      <label>
        <span className="hidden">{props.label}</span>
        <textarea
          className="input"
          // biome-ignore lint/a11y/noAutofocus: it was asked for by a press
          autoFocus
          rows={3}
          maxLength={MOST_CHARACTERS}
          placeholder={props.label}
          value={body}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={press}
        />
      </label>
      <div className="row wrap">
        {props.acts.map((one) => (
          <Button
            key={one.name}
            disabled={body.trim() === '' || isSending}
            onClick={() => act(one)}
          >
            {one.name}
          </Button>
        ))}
        <Button look="quiet" onClick={props.onClose}>
          {words.common.cancel}
        </Button>
        {props.hint && <span className="hint grow">{props.hint}</span>}
      </div>
    </div>
  )
}
