import { useEffect, useState } from 'react'
import { onStreamUpdate } from '../../realtime/stream'

/** A live region that announces new notifications to screen readers, but no output of tasks. */
export function Announcer() {
  const [said, say] = useState('')
  useEffect(() => {
    const told = onStreamUpdate(
      ({ notifications }) => {
        const newest = notifications.at(-1)
        if (newest) say(newest.title)
      },
      () => undefined,
    )
    return told
  }, [])
  return (
    <p className="hidden" role="status">
      {said}
    </p>
  )
}
