import { locale } from '../../../../i18n'
import { formatInteger } from '../../../../lib/format/numbers'

type LineCountFields = { insertions: number; deletions: number; binary?: boolean }

/** `+86 −31`. Renders nothing for binary files. */
export function LineCounts({ of }: { of: LineCountFields }) {
  if (of.binary) return null
  return (
    <span className="delta">
      <span className="plus">+{formatInteger(of.insertions, locale)}</span>{' '}
      <span className="minus">−{formatInteger(of.deletions, locale)}</span>
    </span>
  )
}
