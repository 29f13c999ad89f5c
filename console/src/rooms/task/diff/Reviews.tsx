import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { useReviews } from '../../../queries/reviews'
import { Button } from '../../../ui/Button'
import { When } from '../../../ui/When'
import { words } from '../../../words'
import { FollowUpDialog } from './FollowUpDialog'
import { useReview } from './review'
import styles from './Verdict.module.css'

type Review = Schemas['Review']

/** The reviews so far; from each the task can be followed up. */
export function Reviews({ task }: { task: Schemas['TaskDetail'] }) {
  const reviews = useReviews(task.id).data ?? []
  const [followed, setFollowed] = useState<Review | null>(null)
  if (reviews.length === 0) return null
  return (
    <section>
      <h2>{words.diff.reviews}</h2>
      <ul>
        {reviews.map((review) => (
          <One key={review.id} review={review} onFollow={() => setFollowed(review)} />
        ))}
      </ul>
      {followed && (
        <FollowUpDialog task={task} review={followed} onClose={() => setFollowed(null)} />
      )}
    </section>
  )
}

function One({ review, onFollow }: { review: Review; onFollow: () => void }) {
  const { me, mayReview } = useReview()
  const name = review.author.id === me ? words.diff.you : review.author.name
  return (
    <li className={styles.review}>
      <p className="row wrap">
        <b>{name}</b> {words.diff.verdicts[review.verdict]}
        <span className="dim">
          {words.diff.round(review.round)} · <When at={review.submittedAt} />
        </span>
      </p>
      {review.body && <p className={styles.body}>{seen(review.body)}</p>}
      {mayReview && (
        <Button look="quiet" className={styles.follow} onClick={onFollow}>
          {words.diff.followUp}
        </Button>
      )}
    </li>
  )
}
