import { useState } from 'react'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { Button } from '../controls/Button'
import { useShortcuts } from '../hooks/shortcuts'
import type { Option, Send } from './answerOptions'
import { CommentField } from './CommentField'
import { EndTaskPrompt } from './EndTaskPrompt'
import styles from './Gate.module.css'

type Props = {
  taskId: number
  options: Option[]
  isLong: boolean
  takesComment?: boolean
  isOff: boolean
  hasKeys: boolean
  send: Send
}

/** Answer buttons, with an optional comment. */
export function AnswerButtons({
  taskId,
  options,
  isLong,
  takesComment = true,
  isOff,
  hasKeys,
  send,
}: Props) {
  const [comment, setComment] = useState<string | null>(null)
  const [ending, end] = useState<Option | null>(null)
  const press = (option: Option) =>
    option.ending ? end(option) : send({ result: option.result, comment: comment?.trim() || null })
  const keyOf = (place: number) =>
    hasKeys && place < 9 && !options[place]?.ending ? String(place + 1) : undefined
  useShortcuts(
    'here',
    isOff || !hasKeys
      ? []
      : options.flatMap((option, place) => {
          const key = keyOf(place)
          return key ? [{ key, what: option.name, do: () => press(option) }] : []
        }),
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
      {ending?.ending && (
        <EndTaskPrompt
          taskId={taskId}
          ending={ending.ending}
          comment={takesComment ? (comment ?? '') : null}
          isOff={isOff}
          onEnd={(why) => send({ result: ending.result, comment: why })}
          onClose={() => end(null)}
        />
      )}
    </div>
  )
}

/** Highlights the main answer, but only if the question is the only one on the page. */
function variantOf({ isMain, isBad }: Option, hasKeys: boolean) {
  if (isMain && hasKeys) return { variant: 'main' as const }
  return isBad ? { variant: 'bad' as const } : {}
}
