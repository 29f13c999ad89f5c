import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { TaskImages } from '../../../components/images/TaskImages'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { strings } from '../../../i18n'
import { useFollowUps, useWithdrawFollowUp } from '../../../queries/followUps'
import { showErrorToast } from '../../../state/toasts'
import styles from './FollowUpList.module.css'

/** The rounds so far and the queued follow-ups, which you can withdraw. */
export function FollowUpList({ task }: { task: Schemas['TaskDetail'] }) {
  const followUps = useFollowUps(task.id).data ?? []
  const withdraw = useWithdrawFollowUp(task.id)
  if (followUps.length === 0) return null
  return (
    <section>
      <h3>{strings.followUp.rounds}</h3>
      <ol className={styles.list}>
        {followUps.map((one) => (
          <li key={one.id}>
            <div className="row wrap">
              <span className="badge" data-is={one.state === 'queued' ? 'waits' : undefined}>
                {one.round === null
                  ? strings.followUp.states[one.state]
                  : strings.followUp.round(one.round)}
              </span>
              <span className="dim">
                {strings.followUp.byWhom(one.createdBy.name)},{' '}
                {strings.followUp.fromStage(task.pipeline[one.fromStage]?.name ?? '')}
                {one.reviewId !== null && `, ${strings.followUp.withReview}`}
              </span>
              <span className={`dim ${styles.when}`}>
                <RelativeTime at={one.createdAt} />
              </span>
              {one.state === 'queued' && (
                <Button
                  size="tiny"
                  disabled={withdraw.isPending}
                  onClick={() => withdraw.mutate(one.id, { onError: showErrorToast })}
                >
                  {strings.followUp.withdraw}
                </Button>
              )}
            </div>
            <p className={styles.said}>{one.instruction}</p>
            <TaskImages task={task} followUp={one.number} />
          </li>
        ))}
      </ol>
    </section>
  )
}
