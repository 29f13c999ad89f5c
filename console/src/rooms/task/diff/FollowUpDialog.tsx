import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { useFollowUp } from '../../../queries/followUps'
import { Button } from '../../../ui/Button'
import { Dialog } from '../../../ui/Dialog'
import { Field } from '../../../ui/Field'
import { say, sayBroken } from '../../../ui/toasts'
import { words } from '../../../words'

type Props = { task: Schemas['TaskDetail']; review: Schemas['Review']; onClose: () => void }

/** Another round, with what a review says. */
export function FollowUpDialog({ task, review, onClose }: Props) {
  const [instruction, setInstruction] = useState(review.body)
  const [key] = useState(() => crypto.randomUUID())
  const followUp = useFollowUp(task.id)
  const start = () =>
    followUp.mutate(
      { instruction, fromStage: 0, reviewId: review.id, key },
      {
        onError: sayBroken,
        onSuccess: (told) => {
          say(words.diff.followedUp[told.state])
          onClose()
        },
      },
    )
  return (
    <Dialog
      title={words.diff.followUpTitle(review.author.name)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button
            look="main"
            disabled={instruction.trim() === '' || followUp.isPending}
            onClick={start}
          >
            {words.diff.startFollowUp}
          </Button>
          <Button onClick={onClose}>{words.common.cancel}</Button>
        </>
      }
    >
      <Field label={words.diff.instruction} hint={words.diff.followUpHint}>
        <textarea
          className="input"
          rows={5}
          maxLength={20_000}
          value={instruction}
          onChange={(event) => setInstruction(event.target.value)}
        />
      </Field>
    </Dialog>
  )
}
