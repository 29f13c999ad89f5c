import { Suspense } from 'react'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { lazyComponent } from '../../components/lazyComponent'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { useGettingStarted } from '../../queries/gettingStarted'
import { useInbox } from '../../queries/inbox'
import { ActivitySidebar } from './ActivitySidebar'
import { EmptyInbox } from './EmptyInbox'
import styles from './Inbox.module.css'
import { InboxList } from './InboxList'
import { ShortcutHints } from './ShortcutHints'
import { useAnswerToasts } from './useAnswerToasts'

const GettingStarted = lazyComponent(() => import('./GettingStarted'))

/** The home page: your inbox, and the running tasks beside it. A new server's first steps come
 *  before the list, which they never replace. */
export default function InboxPage() {
  const inbox = useInbox()
  const isStarting = Boolean(useGettingStarted())
  useAnswerToasts(inbox.data?.items)
  return (
    <Page title={strings.common.inbox} aside={<Head total={inbox.data?.total} />}>
      <div className={styles.home}>
        <div>
          {isStarting && (
            <Suspense>
              <GettingStarted hasItems={Boolean(inbox.data?.total)} />
            </Suspense>
          )}
          {inbox.isPending && <Skeleton rows={10} />}
          {inbox.isError && !inbox.data && (
            <ErrorMessage error={inbox.error} again={() => void inbox.refetch()} />
          )}
          {inbox.data && (inbox.data.total > 0 ? <InboxList inbox={inbox.data} /> : <EmptyInbox />)}
        </div>
        <ActivitySidebar />
      </div>
    </Page>
  )
}

function Head({ total }: { total: number | undefined }) {
  if (!total) return null
  return (
    <>
      <span className="dim">{total}</span>
      <ShortcutHints />
    </>
  )
}
