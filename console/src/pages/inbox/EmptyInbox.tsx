import { Link } from '@tanstack/react-router'
import { FirstSteps } from '../../components/feedback/FirstSteps'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { useStats } from '../../queries/dashboard'
import styles from './Inbox.module.css'

/** An empty inbox, with the numbers of running and queued tasks. */
export function EmptyInbox() {
  const tasks = useStats()?.tasks
  return (
    <section className={`empty panel ${styles.nothing}`}>
      <span className="tone" data-is="completed">
        <StatusIcon look="completed" />
      </span>
      <h2>{strings.inbox.emptyTitle}</h2>
      <FirstSteps>
        {tasks && (
          <p>
            {strings.inbox.emptyWhy(
              strings.inbox.tasksRun(tasks.running),
              strings.inbox.queued(tasks.queued),
            )}
          </p>
        )}
        {tasks && tasks.running > 0 && (
          <p>
            <Link className="btn" to="/tasks" search={{ status: 'running' } as never}>
              {strings.inbox.seeRunning}
            </Link>
          </p>
        )}
      </FirstSteps>
    </section>
  )
}
