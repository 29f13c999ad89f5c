import { useEffect, useState } from 'react'
import { words } from '../words'

const QUIET_MILLISECONDS = 200

/** Grey bars in the shape of `rows` rows, after a moment in which nothing is shown. */
export function Ghost({ rows = 6 }: { rows?: number }) {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), QUIET_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [])
  if (!isShown) return null
  return (
    <div role="status" aria-label={words.common.loading} className="ghosts">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="ghost" style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  )
}
