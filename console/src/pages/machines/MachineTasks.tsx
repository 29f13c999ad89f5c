import { Link } from '@tanstack/react-router'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { RelativeTime } from '../../components/status/RelativeTime'
import { Status } from '../../components/status/Status'
import { strings } from '../../i18n'
import type { Task } from '../../lib/machine/machines'
import { displayStatus } from '../../lib/task/displayStatus'
import { titleOf } from '../../lib/task/title'
import styles from './machine.module.css'

/** The tasks whose latest attempt is on the machine, newest first. */
export function MachineTasks(props: { tasks: readonly Task[] | undefined; error: unknown }) {
  const { tasks, error } = props
  return (
    <section aria-labelledby="tasks-title">
      <h2 id="tasks-title">{strings.machines.running}</h2>
      {!tasks && (error ? <ErrorMessage error={error} /> : <Skeleton rows={3} />)}
      {tasks?.length === 0 && <p className="soft">{strings.machines.noTasks}</p>}
      {tasks && tasks.length > 0 && (
        <ul className={`panel ${styles.tasks}`}>
          {tasks.map((task) => (
            <li key={task.id}>
              <Status look={displayStatus(task)} />
              <Link to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
                <span className="dim">#{task.id}</span> {titleOf(task.description)}
              </Link>
              <span className="dim wide">{task.projectKey}</span>
              <span className="dim">
                <RelativeTime at={task.updatedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
