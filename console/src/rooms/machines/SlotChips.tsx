import { Link } from '@tanstack/react-router'
import { type Machine, slotsOf, type Task } from '../../lib/fleet'
import { lookOf } from '../../lib/status'
import { titleOf } from '../../lib/title'
import { StatusMark } from '../../ui/Status'
import { words } from '../../words'
import styles from './machines.module.css'

/** What sits in the slots, and what else is kept there. */
export function SlotChips({ machine, tasks }: { machine: Machine; tasks: readonly Task[] }) {
  const { held, hidden, free, kept } = slotsOf(machine, tasks)
  return (
    <span className={styles.slots}>
      {held.map((task) => (
        <TaskChip key={task.id} task={task} />
      ))}
      {Array.from({ length: hidden }, (_, place) => (
        <span key={`hidden-${place}`} className={styles.slot} data-is="queued">
          {words.machines.hidden}
        </span>
      ))}
      {Array.from({ length: free }, (_, place) => (
        <span key={`free-${place}`} className={`${styles.slot} ${styles.free}`}>
          {words.machines.free}
        </span>
      ))}
      {kept.length > 0 && (
        <span className={styles.kept}>
          <span className="dim">{words.machines.keptThere}</span>
          {kept.map((task) => (
            <TaskChip key={task.id} task={task} />
          ))}
        </span>
      )}
    </span>
  )
}

function TaskChip({ task }: { task: Task }) {
  const look = lookOf(task)
  return (
    <Link
      className={styles.slot}
      data-is={look}
      to="/tasks/$taskId"
      params={{ taskId: String(task.id) }}
      title={titleOf(task.description)}
    >
      <StatusMark look={look} label={words.status[look]} />#{task.id}
    </Link>
  )
}
