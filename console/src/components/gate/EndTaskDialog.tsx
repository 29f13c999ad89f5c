import { useState } from 'react'
import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import { Dialog } from '../dialogs/Dialog'
import type { Ending } from './answerOptions'

type Props = {
  taskId: number
  ending: Ending
  /** The comment so far; null if the answer takes none. */
  comment: string | null
  isOff: boolean
  onEnd: (comment: string | null) => void
  onClose: () => void
}

/** Asks before an answer that ends the task, and describes its effect. */
export default function EndTaskDialog({ taskId, ending, isOff, onEnd, onClose, ...props }: Props) {
  const [comment, setComment] = useState(props.comment)
  const { gate: texts } = strings
  const names = { reject: texts.reject, stop: texts.stop, end: texts.end }
  const titles = { reject: texts.rejectTitle, stop: texts.stopTitle, end: texts.endTitle }
  return (
    <Dialog
      title={titles[ending](taskId)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button variant="bad" disabled={isOff} onClick={() => onEnd(comment?.trim() || null)}>
            {names[ending]}
          </Button>
          <Button variant="quiet" onClick={onClose}>
            {texts.keepWaiting}
          </Button>
        </>
      }
    >
      <p>{texts.endEffect}</p>
      {ending === 'reject' && <p className="hint">{texts.rejectInstead}</p>}
      {comment !== null && (
        <label className="field">
          <span className="label">{texts.comment}</span>
          <textarea
            className="input"
            maxLength={10_000}
            value={comment}
            onChange={({ target }) => setComment(target.value)}
          />
        </label>
      )}
    </Dialog>
  )
}
