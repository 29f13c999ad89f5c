import { useState } from 'react'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { Button } from '../controls/Button'
import { useShortcuts } from '../hooks/shortcuts'
import type { Option, Send } from './answerOptions'
import styles from './Gate.module.css'

type Props = {
  options: Option[]
  isLong: boolean
  takesComment?: boolean
  isOff: boolean
  hasKeys: boolean
  send: Send
}

/** Answer buttons, with an optional comment. */
export function AnswerButtons({
  options,
  isLong,
  takesComment = true,
  isOff,
  hasKeys,
  send,
}: Props) {
  const [comment, setComment] = useState<string | null>(null)
  const press = ({ result }: Option) => send({ result, comment: comment?.trim() || null })
  const keyOf = (place: number) => (hasKeys && place < 9 ? String(place + 1) : undefined)
  useShortcuts(
    'here',
    isOff || !hasKeys
      ? []
      : options.slice(0, 9).map((option, place) => ({
          key: String(place + 1),
          what: option.name,
          do: () => press(option),
        })),
  )
  return (
    <div className={styles.answers}>
      <div className={isLong ? styles.long : 'row wrap'}>
        {options.map((option, place) => (
          <Button
            key={option.result}
            {...variantOf(option, hasKeys)}
            hint={keyOf(place)}
            disabled={isOff}
            onClick={() => press(option)}
          >
            {revealInvisible(option.name)}
            {option.why && <span className={styles.why}>{option.why}</span>}
          </Button>
        ))}
        {takesComment && hasKeys && comment === null && (
          <Button variant="quiet" disabled={isOff} onClick={() => setComment('')}>
            {strings.gate.addComment}
          </Button>
        )}
      </div>
      {comment !== null && <CommentField text={comment} isOff={isOff} onChange={setComment} />}
    </div>
  )
}

/** Highlights the main answer, but only if the question is the only one on the page. */
function variantOf({ isMain, isBad }: Option, hasKeys: boolean) {
  if (isMain && hasKeys) return { variant: 'main' as const }
  return isBad ? { variant: 'bad' as const } : {}
}

function CommentField(props: { text: string; isOff: boolean; onChange: (text: string) => void }) {
  return (
    <label className="field">
      <span className="label">{strings.gate.comment}</span>
      <textarea
        className="input"
        // biome-ignore lint/a11y/noAutofocus: the user pressed a button to open this field
        autoFocus
        maxLength={10_000}
        value={props.text}
        disabled={props.isOff}
        onChange={(event) => props.onChange(event.target.value)}
      />
      <span className="hint">{strings.gate.commentHint}</span>
    </label>
  )
}
