import { locale, strings } from '../../i18n'
import { formatExactTime, formatTimestamp } from '../../lib/format/times'
import { useNow } from '../hooks/useNow'

/** A relative time that updates itself; the exact time on hover. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const now = useNow()
  if (!at) return <span className="dim">–</span>
  const date = new Date(at)
  return (
    <time dateTime={at} title={formatExactTime(date, locale)}>
      {formatTimestamp(date, new Date(now), strings.units, locale)}
    </time>
  )
}
