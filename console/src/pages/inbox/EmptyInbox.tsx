import { Link } from '@tanstack/react-router'
import { FirstSteps } from '../../components/feedback/FirstSteps'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { useStats } from '../../queries/dashboard'
import { useGettingStarted } from '../../queries/gettingStarted'
import styles from './Inbox.module.css'

/** An empty inbox, with the numbers of running and queued tasks. */
export function EmptyInbox() {
  // The first steps are above it then.
  const isStarting = Boolean(useGettingStarted())
  return (
    <section className={`empty panel ${styles.nothing}`}>
      <span className="tone" data-is="completed">
        <StatusIcon look="completed" />
      </span>
      <h2>{strings.inbox.emptyTitle}</h2>
      {isStarting ? (
        <TaskCounts />
      ) : (
        <FirstSteps>
          <TaskCounts />
        </FirstSteps>
      )}
    </section>
  )
}

function TaskCounts() {
  const tasks = useStats()?.taskStates
  if (!tasks) return null
  return (
    <>
      <p>
        {strings.inbox.emptyWhy(
          strings.inbox.tasksRun(tasks.running),
          strings.inbox.queued(tasks.queued),
        )}
      </p>
      {tasks.running > 0 && (
        <p>
          <Link className="btn" to="/tasks" search={{ status: 'running' } as never}>
            {strings.inbox.seeRunning}
          </Link>
        </p>
      )}
    </>
  )
}
