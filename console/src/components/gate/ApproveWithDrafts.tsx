import { useState } from 'react'
import { strings } from '../../i18n'
import { clearUnsavedComments, unsavedComments } from '../../lib/diff/unsavedComments'
import { IdempotencyKeys } from '../../lib/net/idempotencyKeys'
import { gateAnswer, type PendingGate, useAnswerGate } from '../../queries/gates'
import { useDeleteComment, useSubmitReview } from '../../queries/reviews'
import { showErrorToast, showToast } from '../../state/toasts'
import DraftsDialog from './DraftsDialog'

type Props = {
  taskId: number
  gate: PendingGate
  comment: string | null
  /** The IDs of the drafts on the server. Those that are only typed are added. */
  draftIds: number[]
  onClose: () => void
}

/** Approves with a review that publishes your drafts, or without them. Drafts are deleted only after
 *  the approval counts. */
export default function ApproveWithDrafts({ taskId, gate, comment, draftIds, onClose }: Props) {
  const answer = useAnswerGate(taskId)
  const submit = useSubmitReview(taskId)
  const remove = useDeleteComment(taskId)
  const [once] = useState(() => new IdempotencyKeys())
  const [comments] = useState(() => unsavedComments(taskId))
  const { stageIndex, number } = gate
  const publish = () => {
    const verdict = 'approve' as const
    const review = { verdict, body: comment ?? '', comments, stageIndex, number }
    submit.mutate(
      { ...review, key: once.keyFor(review) },
      {
        onSuccess: () => {
          clearUnsavedComments(taskId)
          showToast(strings.diff.submitted.answered)
          onClose()
        },
        onError: showErrorToast,
      },
    )
  }
  const approve = () =>
    answer.mutate(gateAnswer(gate, { result: 'confirm', comment }), {
      onSuccess: async () => {
        clearUnsavedComments(taskId)
        for (const id of draftIds) await remove.mutateAsync(id).catch(showErrorToast)
        onClose()
      },
      onError: onClose,
    })
  return (
    <DraftsDialog
      count={draftIds.length + comments.length}
      isOff={submit.isPending || answer.isPending || answer.isSuccess}
      onSubmit={publish}
      onDiscard={approve}
      onClose={onClose}
    />
  )
}
