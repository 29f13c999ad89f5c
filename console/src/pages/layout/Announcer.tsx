import { useEffect, useState } from 'react'
import { onStreamUpdate } from '../../realtime/stream'

/** A live region that announces new notifications to screen readers, but no output of tasks. */
export function Announcer() {
  const [announcement, announce] = useState('')
  useEffect(() => {
    const unsubscribe = onStreamUpdate(
      ({ notifications }) => {
        const newest = notifications.at(-1)
        if (newest) announce(newest.title)
      },
      () => undefined,
    )
    return unsubscribe
  }, [])
  return (
    <p className="hidden" role="status">
      {announcement}
    </p>
  )
}
