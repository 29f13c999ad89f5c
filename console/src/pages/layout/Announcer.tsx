import { useEffect, useState } from 'react'
import { onStreamUpdate } from '../../realtime/stream'

/** What one is told, for those who do not see it: status changes and questions, not output. */
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
