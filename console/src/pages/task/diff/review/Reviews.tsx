import { useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { Button } from '../../../../components/controls/Button'
import { RelativeTime } from '../../../../components/status/RelativeTime'
import { strings } from '../../../../i18n'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import { useReviews } from '../../../../queries/reviews'
import { FollowUpDialog } from './FollowUpDialog'
import styles from './ReviewPanel.module.css'
import { useReview } from './reviewContext'

type Review = Schemas['Review']

/** The reviews so far. You can start a follow-up from each. */
export function Reviews({ task }: { task: Schemas['TaskDetail'] }) {
  const reviews = useReviews(task.id).data ?? []
  const [followed, setFollowed] = useState<Review | null>(null)
  if (reviews.length === 0) return null
  return (
    <section>
      <h2>{strings.diff.reviews}</h2>
      <ul>
        {reviews.map((review) => (
          <ReviewItem key={review.id} review={review} onFollow={() => setFollowed(review)} />
        ))}
      </ul>
      {followed && (
        <FollowUpDialog task={task} review={followed} onClose={() => setFollowed(null)} />
      )}
    </section>
  )
}

function ReviewItem({ review, onFollow }: { review: Review; onFollow: () => void }) {
  const { me, canReview } = useReview()
  const name = review.author.id === me ? strings.diff.you : review.author.name
  return (
    <li className={styles.review}>
      <p className="row wrap">
        <b>{name}</b> {strings.diff.verdicts[review.verdict]}
        <span className="dim">
          {strings.diff.round(review.round)} · <RelativeTime at={review.submittedAt} />
        </span>
      </p>
      {review.body && <p className={styles.body}>{revealInvisible(review.body)}</p>}
      {canReview && (
        <Button variant="quiet" className={styles.follow} onClick={onFollow}>
          {strings.diff.followUp}
        </Button>
      )}
    </li>
  )
}
