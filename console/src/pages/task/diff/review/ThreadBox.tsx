import { useState } from 'react'
import { Button } from '../../../../components/controls/Button'
import { strings } from '../../../../i18n'
import { commentKey } from '../../../../lib/diff/unsavedComments'
import { unsavedInputFor } from '../../../../lib/form/unsavedInput'
import { useCreateComment, useResolveThread } from '../../../../queries/reviews'
import { showErrorToast, showUndoToast } from '../../../../state/toasts'
import { isDraft, type Thread, threadState } from '../model/threadPositions'
import { Comment } from './Comment'
import { CommentForm } from './CommentForm'
import { useReview } from './reviewContext'
import styles from './Thread.module.css'
import { ThreadPosition } from './ThreadPosition'

/** A thread. A resolved one is collapsed to a line until you open it. */
export function ThreadBox({ thread, isElsewhere }: { thread: Thread; isElsewhere?: boolean }) {
  const [isOpen, setOpen] = useState(thread.resolvedAt === null)
  const [last, setLast] = useState(thread.resolvedAt)
  if (last !== thread.resolvedAt) {
    setLast(thread.resolvedAt)
    setOpen(thread.resolvedAt === null)
  }
  const names = `${styles.thread} ${isDraft(thread) ? styles.draft : ''}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: a thread among others is a group, not a fieldset
    <div
      className={names}
      role="group"
      aria-label={labelOf(thread)}
      id={`t${thread.id}`}
      tabIndex={-1}
    >
      <Head thread={thread} isOpen={isOpen} onOpen={() => setOpen(!isOpen)} />
      {isOpen && (
        <>
          {(isElsewhere || thread.position.outdated) && <ThreadPosition thread={thread} />}
          {thread.comments.map((comment) => (
            <Comment key={comment.id} comment={comment} thread={thread} />
          ))}
          <Foot thread={thread} />
        </>
      )}
    </div>
  )
}

function Head(props: { thread: Thread; isOpen: boolean; onOpen: () => void }) {
  const { thread } = props
  const state = threadState(thread)
  if (state !== 'resolved') return null
  const first = thread.comments[0]?.body ?? ''
  return (
    <button
      type="button"
      className={`btn quiet ${styles.head}`}
      aria-expanded={props.isOpen}
      onClick={props.onOpen}
    >
      <span className="badge" data-is="completed">
        {strings.diff.states.resolved}
      </span>
      {!props.isOpen && <span className="cut grow">{first}</span>}
      {thread.resolvedBy && (
        <span className="dim">{strings.diff.resolvedBy(thread.resolvedBy.name)}</span>
      )}
    </button>
  )
}

function Foot({ thread }: { thread: Thread }) {
  const { task, canReview } = useReview()
  const [isReplying, setReplying] = useState(false)
  const write = useCreateComment(task.id)
  const resolve = useResolveThread(task.id)
  const draft = isDraft(thread)
  const set = (resolved: boolean) =>
    resolve.mutate(
      { id: thread.id, resolved },
      {
        onError: showErrorToast,
        onSuccess: () =>
          showUndoToast(resolved ? strings.diff.wasResolved : strings.diff.wasReopened, () =>
            resolve.mutate({ id: thread.id, resolved: !resolved }, { onError: showErrorToast }),
          ),
      },
    )
  const send = (publish: boolean) => (body: string, key: string) =>
    write.mutateAsync({ threadId: thread.id, body, publish, key }, { onError: showErrorToast })
  if (draft || !canReview) return null
  if (isReplying) {
    return (
      <CommentForm
        label={strings.diff.reply}
        written={unsavedInputFor(commentKey(task.id, { threadId: thread.id }))}
        acts={[
          { name: strings.diff.addDraft, do: send(false) },
          { name: strings.diff.commentNow, do: send(true) },
        ]}
        onClose={() => setReplying(false)}
      />
    )
  }
  const isResolved = thread.resolvedAt !== null
  return (
    <div className={styles.foot}>
      <button type="button" className={`input ${styles.reply}`} onClick={() => setReplying(true)}>
        {strings.diff.reply}
      </button>
      <Button disabled={resolve.isPending} onClick={() => set(!isResolved)}>
        {isResolved ? strings.diff.reopen : strings.diff.resolve}
      </Button>
    </div>
  )
}

function labelOf(thread: Thread): string {
  const { line, endLine } = thread.position
  const state = strings.diff.states[threadState(thread)]
  return line && endLine
    ? `${strings.diff.onLines(line, endLine)}${strings.common.separators.clause}${state}`
    : state
}
