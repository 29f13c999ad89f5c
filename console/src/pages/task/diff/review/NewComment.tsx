import type { Schemas } from '../../../../api/client'
import { strings } from '../../../../i18n'
import { commentKey } from '../../../../lib/diff/unsavedComments'
import { unsavedInputFor } from '../../../../lib/form/unsavedInput'
import { useCreateComment } from '../../../../queries/reviews'
import { showErrorToast } from '../../../../state/toasts'
import { commentPlace, type LineSelection } from '../model/lineSelection'
import { CommentForm } from './CommentForm'
import { useReview } from './reviewContext'
import styles from './Thread.module.css'

type Props = { file?: Schemas['DiffFile']; marked?: LineSelection; onClose: () => void }

/** A comment that starts a thread: on lines, on a file, or on the whole change. */
export function NewComment({ file, marked, onClose }: Props) {
  const { task, commit } = useReview()
  const write = useCreateComment(task.id)
  const place = commentPlace(commit, file, marked)
  const send = (publish: boolean) => (body: string, key: string) =>
    write.mutateAsync({ ...place, body, publish, key }, { onError: showErrorToast })
  const label = !file
    ? strings.diff.commentWhole
    : marked
      ? strings.diff.onLines(marked.line, marked.endLine)
      : strings.diff.commentFile
  return (
    <div className={`${styles.thread} ${styles.draft}`}>
      <CommentForm
        label={label}
        written={unsavedInputFor(commentKey(task.id, place))}
        hint={marked && strings.diff.shiftHint}
        acts={[
          { name: strings.diff.addDraft, do: send(false) },
          { name: strings.diff.commentNow, do: send(true) },
        ]}
        onClose={onClose}
      />
    </div>
  )
}
