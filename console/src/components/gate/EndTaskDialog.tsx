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
  const { gate: say } = strings
  const names = { reject: say.reject, stop: say.stop, end: say.end }
  const titles = { reject: say.rejectTitle, stop: say.stopTitle, end: say.endTitle }
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
            {say.keepWaiting}
          </Button>
        </>
      }
    >
      <p>{say.endEffect}</p>
      {ending === 'reject' && <p className="hint">{say.rejectInstead}</p>}
      {comment !== null && (
        <label className="field">
          <span className="label">{say.comment}</span>
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
