import type { Schemas } from '../../../api/client'
import { useFollowUps, useWithdraw } from '../../../queries/followUps'
import { Button } from '../../../ui/Button'
import { sayBroken } from '../../../ui/toasts'
import { When } from '../../../ui/When'
import { words } from '../../../words'
import styles from './FollowUpList.module.css'

/** The rounds so far and what waits; what waits can be withdrawn. */
export function FollowUpList({ task }: { task: Schemas['TaskDetail'] }) {
  const followUps = useFollowUps(task.id).data ?? []
  const withdraw = useWithdraw(task.id)
  if (followUps.length === 0) return null
  return (
    <section>
      <h3>{words.followUp.rounds}</h3>
      <ol className={styles.list}>
        {followUps.map((one) => (
          <li key={one.id}>
            <div className="row wrap">
              <span className="badge" data-is={one.state === 'queued' ? 'waits' : undefined}>
                {one.round === null
                  ? words.followUp.states[one.state]
                  : words.followUp.round(one.round)}
              </span>
              <span className="dim">
                {words.followUp.byWhom(one.createdBy.name)},{' '}
                {words.followUp.fromStage(task.pipeline[one.fromStage]?.name ?? '')}
                {one.reviewId !== null && `, ${words.followUp.withReview}`}
              </span>
              <span className={`dim ${styles.when}`}>
                <When at={one.createdAt} />
              </span>
              {one.state === 'queued' && (
                <Button
                  size="tiny"
                  disabled={withdraw.isPending}
                  onClick={() => withdraw.mutate(one.id, { onError: sayBroken })}
                >
                  {words.followUp.withdraw}
                </Button>
              )}
            </div>
            <p className={styles.said}>{one.instruction}</p>
          </li>
        ))}
      </ol>
    </section>
  )
}
