import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { writtenAt } from '../../../lib/written'
import { useDiscard, useRewrite } from '../../../queries/reviews'
import { Button } from '../../../ui/Button'
import { sayBroken } from '../../../ui/toasts'
import { When } from '../../../ui/When'
import { words } from '../../../words'
import { CommentForm } from './CommentForm'
import type { Thread } from './placing'
import { useReview } from './review'
import styles from './Thread.module.css'

/** One comment. A draft can be written anew, or thrown away. */
export function Said({ comment, thread }: { comment: Schemas['ReviewComment']; thread: Thread }) {
  const { task } = useReview()
  const [isEdited, setEdited] = useState(false)
  const rewrite = useRewrite(task.id)
  const name = useName(comment)
  if (isEdited) {
    const save = (body: string) =>
      rewrite.mutateAsync({ id: comment.id, body }, { onError: sayBroken })
    return (
      <CommentForm
        label={words.diff.comment}
        start={comment.body}
        written={writtenAt(`comment ${comment.id}`)}
        acts={[{ name: words.diff.save, do: save }]}
        onClose={() => setEdited(false)}
      />
    )
  }
  return (
    <div className={styles.say}>
      <span className="face" aria-hidden="true">
        {(comment.author?.name ?? name).slice(0, 1).toUpperCase()}
      </span>
      <div>
        <p className={styles.by}>
          <b>{name}</b>
          {comment.draft && (
            <>
              <span className="badge" data-is="running">
                {words.diff.draft}
              </span>
              <span>{words.diff.onlyYou}</span>
            </>
          )}
          {!comment.draft && <When at={comment.createdAt} />}
          {!comment.draft && comment === thread.comments[0] && (
            <span>{words.diff.round(thread.round)}</span>
          )}
        </p>
        <p className={styles.body}>{seen(comment.body)}</p>
        {comment.draft && <OfDraft comment={comment} onEdit={() => setEdited(true)} />}
      </div>
    </div>
  )
}

function OfDraft(props: { comment: Schemas['ReviewComment']; onEdit: () => void }) {
  const { task } = useReview()
  const discard = useDiscard(task.id)
  return (
    <div className={styles.ofDraft}>
      <Button look="quiet" onClick={props.onEdit}>
        {words.diff.edit}
      </Button>
      <Button
        look="quiet"
        disabled={discard.isPending}
        onClick={() => discard.mutate(props.comment.id, { onError: sayBroken })}
      >
        {words.diff.remove}
      </Button>
    </div>
  )
}

/** "You" for oneself, and an agent by its name. */
function useName(comment: Schemas['ReviewComment']): string {
  const { me, task } = useReview()
  if (comment.author === null) return agentName(task.agentType)
  return comment.author.id === me ? words.diff.you : comment.author.name
}

function agentName(type: string): string {
  return type ? type.slice(0, 1).toUpperCase() + type.slice(1) : words.diff.agent
}
