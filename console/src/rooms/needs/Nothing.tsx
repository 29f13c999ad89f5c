import { Link } from '@tanstack/react-router'
import { useStats } from '../../queries/running'
import { StatusMark } from '../../ui/Status'
import { words } from '../../words'
import styles from './Needs.module.css'

/** Nothing needs anybody: good news, and what runs. */
export function Nothing() {
  const tasks = useStats()?.tasks
  return (
    <section className={`empty panel ${styles.nothing}`}>
      <span className="tone" data-is="completed">
        <StatusMark look="completed" />
      </span>
      <h2>{words.needs.emptyTitle}</h2>
      {tasks && (
        <p>
          {words.needs.emptyWhy(
            words.needs.tasksRun(tasks.running),
            words.needs.queued(tasks.queued),
          )}
        </p>
      )}
      {tasks && tasks.running > 0 && (
        <p>
          <Link className="btn" to="/tasks" search={{ status: 'running' } as never}>
            {words.needs.seeRunning}
          </Link>
        </p>
      )}
    </section>
  )
}
