import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { seen } from '../../lib/seen'
import type { Notification } from '../../queries/notifications'
import { Button } from '../../ui/Button'
import { type Shape, StatusMark } from '../../ui/Status'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './Notifications.module.css'
import { useRead } from './useReading'

/** One notification. Opening what it is about reads it. */
export function Row({ notification }: { notification: Notification }) {
  const { id, title, body, taskId, readAt, createdAt } = notification
  const { read, readQuietly } = useRead(id)
  const look = markOf(notification)
  return (
    <li className={styles.row} data-unread={readAt === null || undefined}>
      <span className="tone" data-is={look}>
        <StatusMark look={look} />
      </span>
      <div className={styles.said}>
        <p className={styles.title}>
          <b className="soft">
            {words.notifications.kinds[notification.type] ?? notification.type}
          </b>{' '}
          {taskId === null ? (
            seen(title)
          ) : (
            <Link
              className="tall"
              to="/tasks/$taskId"
              params={{ taskId: String(taskId) }}
              onClick={() => readAt === null && readQuietly()}
            >
              {seen(title)}
            </Link>
          )}
        </p>
        {body && <p className={styles.body}>{seen(body)}</p>}
      </div>
      <span className={`dim ${styles.when}`}>
        <When at={createdAt} />
      </span>
      {readAt === null ? (
        <Button
          look="quiet"
          size="square"
          aria-label={words.notifications.read}
          title={words.notifications.read}
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

const LOOKS: Record<string, Shape> = {
  gate_opened: 'needs',
  budget_low: 'needs',
  task_completed: 'completed',
  reviewed: 'completed',
  commented: 'future',
  task_cancelled: 'cancelled',
  egress_refused: 'unwell',
}

function markOf({ type }: Notification): Shape {
  return LOOKS[type] ?? 'failed'
}
