import { type FormEvent, useState } from 'react'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import styles from './Gate.module.css'
import type { Send } from './options'

/** An answer in words. Enter sends it, Shift with Enter begins another line. */
export function OwnAnswer({ isOff, send }: { isOff: boolean; send: Send }) {
  const [text, setText] = useState('')
  const answer = (event?: FormEvent) => {
    event?.preventDefault()
    if (text.trim() && !isOff) send({ result: text.trim() })
  }
  return (
    <form className={styles.own} onSubmit={answer}>
      <label className="grow">
        <span className="hidden">{words.gate.ownAnswer}</span>
        <textarea
          className="input"
          rows={1}
          maxLength={10_000}
          placeholder={words.gate.writeAnswer}
          value={text}
          disabled={isOff}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing)
              answer(event)
          }}
        />
      </label>
      <Button type="submit" look="main" disabled={isOff || !text.trim()}>
        {words.gate.answer}
      </Button>
    </form>
  )
}
