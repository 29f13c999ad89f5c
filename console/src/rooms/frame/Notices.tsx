import { useSyncExternalStore } from 'react'
import { clockWithSeconds } from '../../lib/times'
import { liveNow, onLive } from '../../live/stream'
import { Button } from '../../ui/Button'
import { useNow } from '../../ui/useNow'
import { locale, words } from '../../words'

const QUIET_MILLISECONDS = 5000

/** What concerns every page: that news do not come any more, and that the server has another
 *  version of the console. */
export function Notices() {
  const live = useSyncExternalStore(onLive, liveNow)
  return (
    <>
      {live.triedAgainAt !== null && <NotLive since={live.since} at={live.triedAgainAt} />}
      {isOld(live.build) && <NewVersion />}
    </>
  )
}

function NotLive({ since, at }: { since: number; at: number }) {
  const now = useNow('seconds')
  if (now - since < QUIET_MILLISECONDS) return null
  const seconds = Math.max(0, Math.ceil((at - now) / 1000))
  return (
    <div className="notice" data-is="waits" role="status">
      {words.common.notLive(clockWithSeconds(new Date(since), locale))},{' '}
      {words.common.triedAgain(seconds)}
    </div>
  )
}

/** Offered, never forced: there may be something half written on the page. */
function NewVersion() {
  return (
    <div className="notice" data-is="running" role="status">
      {words.common.newVersion}
      <Button size="tiny" onClick={() => location.reload()}>
        {words.common.reload}
      </Button>
    </div>
  )
}

function isOld(served: string | null): boolean {
  const own = document.querySelector('meta[name="muster-build"]')?.getAttribute('content')
  return Boolean(served && own && own !== '__BUILD__' && own !== served)
}
