import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { displayStatus } from '../../lib/task/displayStatus'
import { titleOf } from '../../lib/task/title'
import { useDrainPreview } from '../../queries/machines'
import styles from './dialogs.module.css'

/** What a drain would do with each of the machine's tasks. */
export function DrainPreview(props: { machineId: string; deadlineSeconds: number | null }) {
  const { data: plan, error, refetch } = useDrainPreview(props.machineId, props.deadlineSeconds)
  return (
    <section className={styles.plan} aria-labelledby="plan-title" aria-live="polite">
      <h3 id="plan-title">{strings.machines.planTitle}</h3>
      {error && <ErrorMessage error={error} again={() => void refetch()} />}
      {!error && !plan && <Skeleton rows={2} />}
      {plan?.length === 0 && <p className="soft">{strings.machines.planEmpty}</p>}
      {plan && plan.length > 0 && (
        <ul>
          {plan.map((planned) => (
            <PlannedTask key={planned.task.id} planned={planned} />
          ))}
        </ul>
      )}
    </section>
  )
}

function PlannedTask({ planned }: { planned: Schemas['PlannedTask'] }) {
  const { task, action, atDeadline, hasCheckpoint } = planned
  // Tasks on a machine aren't queued.
  const look = displayStatus({ ...task, waitingFor: null })
  const isStopped = action === 'stop' || atDeadline === 'stop'
  return (
    <li>
      <span className="tone" data-is={look}>
        <StatusIcon look={look} label={strings.status[look]} />
      </span>
      <div>
        <Link className="tall" to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
          #{task.id} {titleOf(task.description)}
        </Link>
        <p className="soft">
          {effectOf(planned)}
          {isStopped && !hasCheckpoint && `; ${strings.machines.noCheckpoint}`}
        </p>
      </div>
    </li>
  )
}

function effectOf({ task, action, atDeadline }: Schemas['PlannedTask']): string {
  if (action === 'keep' && atDeadline === 'stop') return strings.machines.thenStopped
  // Out of quota, it asks no one.
  if (action === 'hand_over' && task.suspendReason === 'quota') return strings.machines.backToQueue
  return strings.machines.drainActions[action]
}
