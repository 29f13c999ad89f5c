import { type FormEvent, useState } from 'react'
import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import type { Send } from './answerOptions'
import styles from './Gate.module.css'

/** A text field for the answer. Enter sends it, Shift+Enter inserts a line break. */
export function TextAnswer({ isOff, send }: { isOff: boolean; send: Send }) {
  const [text, setText] = useState('')
  const answer = (event?: FormEvent) => {
    event?.preventDefault()
    if (text.trim() && !isOff) send({ result: text.trim() })
  }
  return (
    <form className={styles.own} onSubmit={answer}>
      <label className="grow">
        <span className="hidden">{strings.gate.ownAnswer}</span>
        <textarea
          className="input"
          rows={1}
          maxLength={10_000}
          placeholder={strings.gate.writeAnswer}
          value={text}
          disabled={isOff}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing)
              answer(event)
          }}
        />
      </label>
      <Button type="submit" variant="main" disabled={isOff || !text.trim()}>
        {strings.gate.answer}
      </Button>
    </form>
  )
}
