import type { Schemas } from '../../../api/client'
import { writtenAt } from '../../../lib/written'
import { useWrite } from '../../../queries/reviews'
import { sayBroken } from '../../../ui/toasts'
import { words } from '../../../words'
import { CommentForm } from './CommentForm'
import { type Marked, writtenOn } from './marking'
import { useReview } from './review'
import styles from './Thread.module.css'

type Props = { file?: Schemas['DiffFile']; marked?: Marked; onClose: () => void }

/** A comment that begins a thread: on lines, on a file, or on the whole. */
export function NewComment({ file, marked, onClose }: Props) {
  const { task, commit } = useReview()
  const write = useWrite(task.id)
  const blob = marked?.side === 'old' ? file?.oldBlob : file?.blob
  const place = { commit, path: file?.path ?? null, ...marked, ...(marked && blob && { blob }) }
  const send = (publish: boolean) => (body: string, key: string) =>
    write.mutateAsync({ ...place, body, publish, key }, { onError: sayBroken })
  const label = !file
    ? words.diff.commentWhole
    : marked
      ? words.diff.onLines(marked.line, marked.endLine)
      : words.diff.commentFile
  return (
    <div className={`${styles.thread} ${styles.draft}`}>
      <CommentForm
        label={label}
        written={writtenAt(writtenOn(task.id, commit, file?.path, marked))}
        hint={marked && words.diff.shiftHint}
        acts={[
          { name: words.diff.addDraft, do: send(false) },
          { name: words.diff.sayNow, do: send(true) },
        ]}
        onClose={onClose}
      />
    </div>
  )
}
