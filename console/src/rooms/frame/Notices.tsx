import { useSyncExternalStore } from 'react'
import { clockWithSeconds } from '../../lib/times'
import { liveNow, onLive } from '../../live/stream'
import { useNow } from '../../ui/useNow'
import { locale, words } from '../../words'

const QUIET_MILLISECONDS = 5000

/** What concerns every page: that news do not come any more. */
export function Notices() {
  const live = useSyncExternalStore(onLive, liveNow)
  const now = useNow('seconds')
  if (live.isLive || live.triedAgainAt === null || now - live.since < QUIET_MILLISECONDS)
    return null
  const seconds = Math.max(0, Math.ceil((live.triedAgainAt - now) / 1000))
  return (
    <div className="notice" data-is="waits" role="status">
      {words.common.notLive(clockWithSeconds(new Date(live.since), locale))},{' '}
      {words.common.triedAgain(seconds)}
    </div>
  )
}
