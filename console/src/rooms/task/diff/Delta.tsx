import { whole } from '../../../lib/numbers'
import { locale } from '../../../words'

/** `+86 −31`. */
export function Delta({ of }: { of: { insertions: number; deletions: number } }) {
  return (
    <span className="delta">
      <span className="plus">+{whole(of.insertions, locale)}</span>{' '}
      <span className="minus">−{whole(of.deletions, locale)}</span>
    </span>
  )
}
