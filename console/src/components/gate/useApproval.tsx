import { useMutation } from '@tanstack/react-query'
import { Suspense, useState } from 'react'
import { unsavedComments } from '../../lib/diff/unsavedComments'
import type { PendingGate } from '../../queries/gates'
import { fetchDraftIds } from '../../queries/reviews'
import { showErrorToast } from '../../state/toasts'
import { lazyComponent } from '../lazyComponent'
import type { Send } from './answerOptions'

const ApproveWithDrafts = lazyComponent(() => import('./ApproveWithDrafts'))

/** Approves; if you have comments that nobody would see, `dialog` asks first. */
export function useApproval(props: {
  taskId: number
  gate: PendingGate
  comment: string
  /** There can be comments: you can review the work. */
  canReview: boolean
  send: Send
}) {
  const { taskId, gate, canReview, send } = props
  const [draftIds, setDraftIds] = useState<number[] | null>(null)
  const comment = props.comment.trim() || null
  const confirm = () => send({ result: 'confirm', comment })
  const check = useMutation({
    mutationFn: () => fetchDraftIds(taskId),
    onSuccess: (found) =>
      found.length + unsavedComments(taskId).length > 0 ? setDraftIds(found) : confirm(),
    onError: showErrorToast,
  })
  const dialog = draftIds && (
    <Suspense>
      <ApproveWithDrafts
        {...{ taskId, gate, comment, draftIds }}
        onClose={() => setDraftIds(null)}
      />
    </Suspense>
  )
  return {
    approve: canReview ? () => check.mutate() : confirm,
    isChecking: check.isPending,
    dialog,
  }
}
