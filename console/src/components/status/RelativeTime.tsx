import { locale, strings } from '../../i18n'
import { formatExactTime, formatTimestamp } from '../../lib/format/times'
import { useTicking } from '../hooks/useNow'

/** A relative time that updates itself; the exact time on hover. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const text = useTicking((now) =>
    at ? formatTimestamp(new Date(at), new Date(now), strings.units, locale) : '',
  )
  if (!at) return <span className="dim">–</span>
  return (
    <time dateTime={at} title={formatExactTime(new Date(at), locale)}>
      {text}
    </time>
  )
}
