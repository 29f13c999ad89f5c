import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { Button } from '../../components/controls/Button'
import { RelativeTime } from '../../components/status/RelativeTime'
import { StatusIcon, type StatusIconName } from '../../components/status/Status'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { Notification } from '../../queries/notifications'
import styles from './Notifications.module.css'
import { useReadAction } from './useReadActions'

/** A notification. Following its link marks it as read. */
export function NotificationRow({ notification }: { notification: Notification }) {
  const { id, body, taskId, readAt, createdAt } = notification
  const title = titleOf(notification)
  const { read, readQuietly } = useReadAction(id)
  const look = statusIconOf(notification)
  return (
    <li className={styles.row} data-unread={readAt === null || undefined}>
      <span className="tone" data-is={look}>
        <StatusIcon look={look} />
      </span>
      <div className={styles.said}>
        <p className={styles.title}>
          <b className="soft">
            {strings.notifications.kinds[notification.type] ?? notification.type}
          </b>{' '}
          {taskId === null ? (
            revealInvisible(title)
          ) : (
            <Link
              className="tall"
              to="/tasks/$taskId"
              params={{ taskId: String(taskId) }}
              onClick={() => readAt === null && readQuietly()}
            >
              {revealInvisible(title)}
            </Link>
          )}
        </p>
        {body && <p className={styles.body}>{revealInvisible(body)}</p>}
      </div>
      <span className={`dim ${styles.when}`}>
        <RelativeTime at={createdAt} />
      </span>
      {readAt === null ? (
        <Button
          variant="quiet"
          size="square"
          aria-label={strings.notifications.read}
          title={strings.notifications.read}
          onClick={read}
        >
          <Check className="i" aria-hidden="true" />
        </Button>
      ) : (
        <span />
      )}
    </li>
  )
}

function titleOf({ title, taskId }: Notification): string {
  return (taskId !== null && strings.notifications.taskTitle?.(taskId)) || title
}

const TYPE_ICONS: Record<string, StatusIconName> = {
  gate_opened: 'needs',
  budget_low: 'needs',
  task_completed: 'completed',
  reviewed: 'completed',
  commented: 'future',
  task_cancelled: 'cancelled',
  egress_refused: 'unhealthy',
}

function statusIconOf({ type }: Notification): StatusIconName {
  return TYPE_ICONS[type] ?? 'failed'
}
