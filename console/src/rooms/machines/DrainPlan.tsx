import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { lookOf } from '../../lib/status'
import { titleOf } from '../../lib/title'
import { usePlan } from '../../queries/machines'
import { Broken } from '../../ui/Broken'
import { Ghost } from '../../ui/Ghost'
import { StatusMark } from '../../ui/Status'
import { words } from '../../words'
import styles from './dialogs.module.css'

/** What a drain would do with each task there. */
export function DrainPlan(props: { machineId: string; deadlineSeconds: number | null }) {
  const { data: plan, error, refetch } = usePlan(props.machineId, props.deadlineSeconds)
  return (
    <section className={styles.plan} aria-labelledby="plan-title" aria-live="polite">
      <h3 id="plan-title">{words.machines.planTitle}</h3>
      {error && <Broken error={error} again={() => void refetch()} />}
      {!error && !plan && <Ghost rows={2} />}
      {plan?.length === 0 && <p className="soft">{words.machines.planEmpty}</p>}
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
  const { task, act, atDeadline, hasCheckpoint } = planned
  const look = lookOf(task)
  const isStopped = act === 'stop' || atDeadline === 'stop'
  const says =
    act === 'keep' && atDeadline === 'stop' ? words.machines.thenStopped : words.machines.acts[act]
  return (
    <li>
      <span className="tone" data-is={look}>
        <StatusMark look={look} label={words.status[look]} />
      </span>
      <div>
        <Link className="tall" to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
          #{task.id} {titleOf(task.description)}
        </Link>
        <p className="soft">
          {says}
          {isStopped && !hasCheckpoint && `; ${words.machines.noCheckpoint}`}
        </p>
      </div>
    </li>
  )
}
