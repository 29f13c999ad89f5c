import { useSyncExternalStore } from 'react'
import { Button } from '../../components/controls/Button'
import { useNow } from '../../components/hooks/useNow'
import { locale, strings } from '../../i18n'
import { formatTimeWithSeconds } from '../../lib/format/times'
import { connectionStatus, onConnectionChange } from '../../realtime/stream'

const QUIET_MILLISECONDS = 5000

/** Notices for every page: updates have stopped, or the server has a new version of the console. */
export function Banners() {
  const live = useSyncExternalStore(onConnectionChange, connectionStatus)
  return (
    <>
      {live.triedAgainAt !== null && (
        <DisconnectedBanner since={live.since} at={live.triedAgainAt} />
      )}
      {isOutdated(live.build) && <NewVersionBanner />}
    </>
  )
}

function DisconnectedBanner({ since, at }: { since: number; at: number }) {
  const now = useNow()
  if (now - since < QUIET_MILLISECONDS) return null
  const seconds = Math.max(0, Math.ceil((at - now) / 1000))
  return (
    <div className="notice" data-is="waits" role="status">
      {strings.common.notLive(formatTimeWithSeconds(new Date(since), locale))},{' '}
      {strings.common.triedAgain(seconds)}
    </div>
  )
}

/** Offers the reload instead of forcing it: the page may hold unsaved input. */
function NewVersionBanner() {
  return (
    <div className="notice" data-is="running" role="status">
      {strings.common.newVersion}
      <Button size="tiny" onClick={() => location.reload()}>
        {strings.common.reload}
      </Button>
    </div>
  )
}

function isOutdated(served: string | null): boolean {
  const own = document.querySelector('meta[name="muster-build"]')?.getAttribute('content')
  return Boolean(served && own && own !== '__BUILD__' && own !== served)
}
