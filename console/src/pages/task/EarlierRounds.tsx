import type { Schemas } from '../../api/client'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { formatDuration } from '../../lib/format/times'
import { type EarlierRound, earlierRounds } from '../../lib/task/rounds'
import styles from './StageTimeline.module.css'

/** What the rounds before this one ran, folded. */
export function EarlierRounds(props: {
  task: Schemas['TaskDetail']
  events: readonly Schemas['Event'][]
}) {
  const { task, events } = props
  // Shown before the events have come, so that nothing moves then.
  if (task.round < 2) return null
  return (
    <details className={styles.earlier}>
      <summary>{strings.task.earlierRounds(task.round - 1)}</summary>
      <ol>
        {earlierRounds(task.pipeline, events, task.round).map((one) => (
          <RoundItem key={one.round} {...one} />
        ))}
      </ol>
    </details>
  )
}

function RoundItem({ round, stages, end }: EarlierRound) {
  return (
    <li>
      <b>{strings.followUp.round(round)}</b>
      <span className="status" data-is={end === 'replaced' ? 'cancelled' : end}>
        <StatusIcon look={end === 'replaced' ? 'cancelled' : end} />
        {end === 'replaced' ? strings.task.replaced : strings.status[end]}
      </span>
      {stages.map(({ name, worked }) => (
        <span key={name} className="dim">
          {name} {formatDuration(worked, strings.units)}
        </span>
      ))}
    </li>
  )
}
