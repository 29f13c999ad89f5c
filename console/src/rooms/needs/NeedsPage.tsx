import { useInbox } from '../../queries/inbox'
import { Broken } from '../../ui/Broken'
import { Ghost } from '../../ui/Ghost'
import { Page } from '../../ui/Page'
import { words } from '../../words'
import { Asks } from './Asks'
import { Keys } from './Keys'
import styles from './Needs.module.css'
import { Nothing } from './Nothing'
import { Side } from './Side'
import { useTellsOfOthers } from './useTellsOfOthers'

/** The home: what needs the one who looks, and at its side what runs. */
export default function NeedsPage() {
  const inbox = useInbox()
  useTellsOfOthers(inbox.data?.items)
  return (
    <Page title={words.common.needsYou} aside={<Head total={inbox.data?.total} />}>
      <div className={styles.home}>
        <div>
          {inbox.isPending && <Ghost rows={10} />}
          {inbox.isError && !inbox.data && (
            <Broken error={inbox.error} again={() => void inbox.refetch()} />
          )}
          {inbox.data && (inbox.data.total > 0 ? <Asks inbox={inbox.data} /> : <Nothing />)}
        </div>
        <Side />
      </div>
    </Page>
  )
}

function Head({ total }: { total: number | undefined }) {
  if (!total) return null
  return (
    <>
      <span className="dim">{total}</span>
      <Keys />
    </>
  )
}
