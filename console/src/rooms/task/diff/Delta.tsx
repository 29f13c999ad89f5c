import { whole } from '../../../lib/numbers'
import { locale } from '../../../words'

type Counted = { insertions: number; deletions: number; binary?: boolean }

/** `+86 −31`. Of what has no lines nothing is counted. */
export function Delta({ of }: { of: Counted }) {
  if (of.binary) return null
  return (
    <span className="delta">
      <span className="plus">+{whole(of.insertions, locale)}</span>{' '}
      <span className="minus">−{whole(of.deletions, locale)}</span>
    </span>
  )
}
