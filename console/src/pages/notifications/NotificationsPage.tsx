import { useNavigate, useSearch } from '@tanstack/react-router'
import { Button } from '../../components/controls/Button'
import { EmptyState } from '../../components/feedback/EmptyState'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { FirstSteps } from '../../components/feedback/FirstSteps'
import { Skeleton } from '../../components/feedback/Skeleton'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { type Notification, useNotifications, useUnreadCount } from '../../queries/notifications'
import { DesktopNotifications } from './DesktopNotifications'
import { NotificationRow } from './NotificationRow'
import styles from './Notifications.module.css'
import { UnreadTabs } from './UnreadTabs'
import { useReadAllAction } from './useReadActions'

/** Your notifications, newest first, and which are unread. */
export default function NotificationsPage() {
  const isUnread = (useSearch({ strict: false }) as { show?: string }).show === 'unread'
  const list = useNotifications(isUnread)
  const items = list.data ?? []
  return (
    <Page
      title={strings.common.notifications}
      aside={<Head items={items} isWhole={!list.hasNextPage} />}
    >
      <UnreadTabs isUnread={isUnread} />
      {list.isPending && <Skeleton rows={8} />}
      {list.isError && !list.data && (
        <ErrorMessage error={list.error} again={() => void list.refetch()} />
      )}
      {list.data && items.length === 0 && <EmptyNotifications isUnread={isUnread} />}
      {items.length > 0 && (
        <ol className={`panel ${styles.list}`} aria-label={strings.notifications.list}>
          {items.map((one) => (
            <NotificationRow key={one.id} notification={one} />
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <p className="foot">
          <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {strings.notifications.more}
          </Button>
        </p>
      )}
      <DesktopNotifications />
    </Page>
  )
}

function Head({ items, isWhole }: { items: readonly Notification[]; isWhole: boolean }) {
  const count = useUnreadCount()
  const readAll = useReadAllAction(items, isWhole, count)
  if (count === 0) return null
  return (
    <>
      <span className="dim">{strings.notifications.count(count)}</span>
      <Button className={styles.all} onClick={readAll}>
        {strings.notifications.readAll}
      </Button>
    </>
  )
}

function EmptyNotifications({ isUnread }: { isUnread: boolean }) {
  const navigate = useNavigate()
  if (!isUnread) {
    return (
      <EmptyState title={strings.notifications.empty}>
        <p>{strings.notifications.emptyWhy}</p>
        <FirstSteps />
      </EmptyState>
    )
  }
  return (
    <EmptyState title={strings.notifications.noneUnread}>
      <Button onClick={() => void navigate({ to: '/notifications' })}>
        {strings.notifications.showAll}
      </Button>
    </EmptyState>
  )
}
