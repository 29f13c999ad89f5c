import { useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { Button } from '../../../../components/controls/Button'
import { Dialog } from '../../../../components/dialogs/Dialog'
import { Field } from '../../../../components/forms/Field'
import { strings } from '../../../../i18n'
import { useCreateFollowUp } from '../../../../queries/followUps'
import { showErrorToast, showToast } from '../../../../state/toasts'

type Props = { task: Schemas['TaskDetail']; review: Schemas['Review']; onClose: () => void }

/** A dialog that starts another round from a review. */
export function FollowUpDialog({ task, review, onClose }: Props) {
  const [instruction, setInstruction] = useState(review.body)
  const [key] = useState(() => crypto.randomUUID())
  const followUp = useCreateFollowUp(task.id)
  const start = () =>
    followUp.mutate(
      { instruction, fromStage: 0, reviewId: review.id, key },
      {
        onError: showErrorToast,
        onSuccess: (followUp) => {
          showToast(strings.diff.followedUp[followUp.state])
          onClose()
        },
      },
    )
  return (
    <Dialog
      title={strings.diff.followUpTitle(review.author.name)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button
            variant="main"
            disabled={instruction.trim() === '' || followUp.isPending}
            onClick={start}
          >
            {strings.diff.startFollowUp}
          </Button>
          <Button onClick={onClose}>{strings.common.cancel}</Button>
        </>
      }
    >
      <Field label={strings.diff.instruction} hint={strings.diff.followUpHint}>
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
