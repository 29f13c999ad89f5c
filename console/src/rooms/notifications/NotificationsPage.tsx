import { useNavigate, useSearch } from '@tanstack/react-router'
import { type Notification, useNotifications, useUnreadCount } from '../../queries/notifications'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Empty } from '../../ui/Empty'
import { Ghost } from '../../ui/Ghost'
import { Page } from '../../ui/Page'
import { words } from '../../words'
import { Desktop } from './Desktop'
import styles from './Notifications.module.css'
import { Row } from './Row'
import { useReadAll } from './useReading'
import { Which } from './Which'

/** What one was told, newest first, and what of it is unread. */
export default function NotificationsPage() {
  const isUnread = (useSearch({ strict: false }) as { show?: string }).show === 'unread'
  const list = useNotifications(isUnread)
  const items = list.data ?? []
  return (
    <Page title={words.common.inbox} aside={<Head items={items} isWhole={!list.hasNextPage} />}>
      <Which isUnread={isUnread} />
      {list.isPending && <Ghost rows={8} />}
      {list.isError && !list.data && (
        <Broken error={list.error} again={() => void list.refetch()} />
      )}
      {list.data && items.length === 0 && <None isUnread={isUnread} />}
      {items.length > 0 && (
        <ol className={`panel ${styles.list}`} aria-label={words.notifications.list}>
          {items.map((one) => (
            <Row key={one.id} notification={one} />
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <p className="foot">
          <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {words.notifications.more}
          </Button>
        </p>
      )}
      <Desktop />
    </Page>
  )
}

function Head({ items, isWhole }: { items: readonly Notification[]; isWhole: boolean }) {
  const count = useUnreadCount()
  const readAll = useReadAll(items, isWhole, count)
  if (count === 0) return null
  return (
    <>
      <span className="dim">{words.notifications.count(count)}</span>
      <Button className={styles.all} onClick={readAll}>
        {words.notifications.readAll}
      </Button>
    </>
  )
}

function None({ isUnread }: { isUnread: boolean }) {
  const navigate = useNavigate()
  if (!isUnread) {
    return (
      <Empty title={words.notifications.empty}>
        <p>{words.notifications.emptyWhy}</p>
      </Empty>
    )
  }
  return (
    <Empty title={words.notifications.noneUnread}>
      <Button onClick={() => void navigate({ to: '/inbox' })}>{words.notifications.showAll}</Button>
    </Empty>
  )
}
