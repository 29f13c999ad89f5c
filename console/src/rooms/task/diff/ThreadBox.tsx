import { useState } from 'react'
import { writtenAt } from '../../../lib/written'
import { useResolve, useWrite } from '../../../queries/reviews'
import { Button } from '../../../ui/Button'
import { sayBroken, sayUndoable } from '../../../ui/toasts'
import { words } from '../../../words'
import { CommentForm } from './CommentForm'
import { isDraft, stateOf, type Thread } from './placing'
import { useReview } from './review'
import { Said } from './Said'
import styles from './Thread.module.css'
import { ThreadPlace } from './ThreadPlace'

/** What was said about a place. One that is resolved is a line until it is opened. */
export function ThreadBox({ thread, isElsewhere }: { thread: Thread; isElsewhere?: boolean }) {
  const [isOpen, setOpen] = useState(thread.resolvedAt === null)
  const [last, setLast] = useState(thread.resolvedAt)
  if (last !== thread.resolvedAt) {
    setLast(thread.resolvedAt)
    setOpen(thread.resolvedAt === null)
  }
  const names = `${styles.thread} ${isDraft(thread) ? styles.draft : ''}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: a thread among others is a group
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
          {(isElsewhere || thread.place.outdated) && <ThreadPlace thread={thread} />}
          {thread.comments.map((comment) => (
            <Said key={comment.id} comment={comment} thread={thread} />
          ))}
          <Foot thread={thread} />
        </>
      )}
    </div>
  )
}

function Head(props: { thread: Thread; isOpen: boolean; onOpen: () => void }) {
  const { thread } = props
  const state = stateOf(thread)
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
        {words.diff.states.resolved}
      </span>
      {!props.isOpen && <span className="cut grow">{first}</span>}
      {thread.resolvedBy && (
        <span className="dim">{words.diff.resolvedBy(thread.resolvedBy.name)}</span>
      )}
    </button>
  )
}

function Foot({ thread }: { thread: Thread }) {
  const { task, mayReview } = useReview()
  const [isReplying, setReplying] = useState(false)
  const write = useWrite(task.id)
  const resolve = useResolve(task.id)
  const draft = isDraft(thread)
  const set = (resolved: boolean) =>
    resolve.mutate(
      { id: thread.id, resolved },
      {
        onError: sayBroken,
        onSuccess: () =>
          sayUndoable(resolved ? words.diff.wasResolved : words.diff.wasReopened, () =>
            resolve.mutate({ id: thread.id, resolved: !resolved }, { onError: sayBroken }),
          ),
      },
    )
  const send = (publish: boolean) => (body: string, key: string) =>
    write.mutateAsync({ threadId: thread.id, body, publish, key }, { onError: sayBroken })
  if (draft || !mayReview) return null
  if (isReplying) {
    return (
      <CommentForm
        label={words.diff.reply}
        written={writtenAt(`reply to ${thread.id}`)}
        acts={[
          { name: words.diff.addDraft, do: send(false) },
          { name: words.diff.sayNow, do: send(true) },
        ]}
        onClose={() => setReplying(false)}
      />
    )
  }
  const isResolved = thread.resolvedAt !== null
  return (
    <div className={styles.foot}>
      <button type="button" className={`input ${styles.reply}`} onClick={() => setReplying(true)}>
        {words.diff.reply}
      </button>
      <Button disabled={resolve.isPending} onClick={() => set(!isResolved)}>
        {isResolved ? words.diff.reopen : words.diff.resolve}
      </Button>
    </div>
  )
}

function labelOf(thread: Thread): string {
  const { line, endLine } = thread.place
  const state = words.diff.states[stateOf(thread)]
  return line && endLine ? `${words.diff.onLines(line, endLine)}, ${state}` : state
}
