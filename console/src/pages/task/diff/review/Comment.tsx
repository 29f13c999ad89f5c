import { useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { Button } from '../../../../components/controls/Button'
import { RelativeTime } from '../../../../components/status/RelativeTime'
import { strings } from '../../../../i18n'
import { unsavedInputFor } from '../../../../lib/form/unsavedInput'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import { useDeleteComment, useEditComment } from '../../../../queries/reviews'
import { showErrorToast } from '../../../../state/toasts'
import type { Thread } from '../model/threadPositions'
import { CommentForm } from './CommentForm'
import { useReview } from './reviewContext'
import styles from './Thread.module.css'

/** A comment. You can edit or discard a draft. */
export function Comment({
  comment,
  thread,
}: {
  comment: Schemas['ReviewComment']
  thread: Thread
}) {
  const { task } = useReview()
  const [isEdited, setEdited] = useState(false)
  const rewrite = useEditComment(task.id)
  const name = useAuthorName(comment)
  if (isEdited) {
    const save = (body: string) =>
      rewrite.mutateAsync({ id: comment.id, body }, { onError: showErrorToast })
    return (
      <CommentForm
        label={strings.diff.comment}
        start={comment.body}
        written={unsavedInputFor(`edit ${comment.id}`)}
        acts={[{ name: strings.diff.save, do: save }]}
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
                {strings.diff.draft}
              </span>
              <span>{strings.diff.onlyYou}</span>
            </>
          )}
          {!comment.draft && <RelativeTime at={comment.createdAt} />}
          {!comment.draft && comment === thread.comments[0] && (
            <span>{strings.diff.round(thread.round)}</span>
          )}
        </p>
        <p className={styles.body}>{revealInvisible(comment.body)}</p>
        {comment.draft && <DraftActions comment={comment} onEdit={() => setEdited(true)} />}
      </div>
    </div>
  )
}

function DraftActions(props: { comment: Schemas['ReviewComment']; onEdit: () => void }) {
  const { task } = useReview()
  const discard = useDeleteComment(task.id)
  return (
    <div className={styles.ofDraft}>
      <Button variant="quiet" onClick={props.onEdit}>
        {strings.diff.edit}
      </Button>
      <Button
        variant="quiet"
        disabled={discard.isPending}
        onClick={() => discard.mutate(props.comment.id, { onError: showErrorToast })}
      >
        {strings.diff.remove}
      </Button>
    </div>
  )
}

/** Returns the author's name: "You" for yourself, or the agent's name. */
function useAuthorName(comment: Schemas['ReviewComment']): string {
  const { me, task } = useReview()
  if (comment.author === null) return agentName(task.agentType)
  return comment.author.id === me ? strings.diff.you : comment.author.name
}

function agentName(type: string): string {
  return type ? type.slice(0, 1).toUpperCase() + type.slice(1) : strings.diff.agent
}
