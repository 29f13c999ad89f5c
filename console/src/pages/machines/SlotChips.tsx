import { Link } from '@tanstack/react-router'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { type Machine, slotsOf, type Task } from '../../lib/machine/machines'
import { displayStatus } from '../../lib/task/displayStatus'
import { titleOf } from '../../lib/task/title'
import styles from './machines.module.css'

/** The attempts that occupy the machine's slots, its free slots, and the tasks retained there. */
export function SlotChips({ machine, tasks }: { machine: Machine; tasks: readonly Task[] }) {
  const { occupied, hidden, free, retained } = slotsOf(machine, tasks)
  return (
    <span className={styles.slots}>
      {occupied.map((task) => (
        <TaskChip key={task.id} task={task} />
      ))}
      {Array.from({ length: hidden }, (_, place) => (
        <span key={`hidden-${place}`} className={styles.slot} data-is="queued">
          {strings.machines.hidden}
        </span>
      ))}
      {Array.from({ length: free }, (_, place) => (
        <span key={`free-${place}`} className={`${styles.slot} ${styles.free}`}>
          {strings.machines.free}
        </span>
      ))}
      {retained.length > 0 && (
        <span className={styles.kept}>
          <span className="dim">{strings.machines.retainedThere}</span>
          {retained.map((task) => (
            <TaskChip key={task.id} task={task} />
          ))}
        </span>
      )}
    </span>
  )
}

function TaskChip({ task }: { task: Task }) {
  const look = displayStatus(task)
  return (
    <Link
      className={styles.slot}
      data-is={look}
      to="/tasks/$taskId"
      params={{ taskId: String(task.id) }}
      title={titleOf(task.description)}
    >
      <StatusIcon look={look} label={strings.status[look]} />#{task.id}
    </Link>
  )
}
