import { Link } from '@tanstack/react-router'
import type { Task } from '../../lib/fleet'
import { lookOf } from '../../lib/status'
import { titleOf } from '../../lib/title'
import { Broken } from '../../ui/Broken'
import { Ghost } from '../../ui/Ghost'
import { Status } from '../../ui/Status'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './machine.module.css'

/** The tasks whose latest attempt is there, newest first. */
export function MachineTasks(props: { tasks: readonly Task[] | undefined; error: unknown }) {
  const { tasks, error } = props
  return (
    <section aria-labelledby="tasks-title">
      <h2 id="tasks-title">{words.machines.running}</h2>
      {!tasks && (error ? <Broken error={error} /> : <Ghost rows={3} />)}
      {tasks?.length === 0 && <p className="soft">{words.machines.noTasks}</p>}
      {tasks && tasks.length > 0 && (
        <ul className={`panel ${styles.tasks}`}>
          {tasks.map((task) => (
            <li key={task.id}>
              <Status look={lookOf(task)} />
              <Link to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
                <span className="dim">#{task.id}</span> {titleOf(task.description)}
              </Link>
              <span className="dim wide">{task.projectKey}</span>
              <span className="dim">
                <When at={task.updatedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
