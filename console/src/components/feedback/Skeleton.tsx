import { useEffect, useState } from 'react'
import { strings } from '../../i18n'

const DELAY_MILLISECONDS = 200

/** A placeholder of `rows` gray bars; invisible for the first DELAY_MILLISECONDS. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), DELAY_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [])
  if (!isShown) return null
  return (
    <div role="status" aria-label={strings.common.loading} className="ghosts">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="ghost" style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  )
}
