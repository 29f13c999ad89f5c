import { exact, moment } from '../lib/times'
import { locale, words } from '../words'
import { useNow } from './useNow'

/** When something was: relative, and exactly on hover. Counts on by itself. */
export function When({ at }: { at: string | null | undefined }) {
  const now = useNow()
  if (!at) return <span className="dim">–</span>
  const date = new Date(at)
  return (
    <time dateTime={at} title={exact(date, locale)}>
      {moment(date, new Date(now), words.units, locale)}
    </time>
  )
}
