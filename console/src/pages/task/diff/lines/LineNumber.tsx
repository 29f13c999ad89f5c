import { strings } from '../../../../i18n'
import { lineKey, type Side } from '../model/rows'
import { useReview } from '../review/reviewContext'
import styles from './DiffRows.module.css'

/** A line number; a click starts a comment. The table has one tab stop and handles the arrow keys,
 *  so that nobody has to tab through ten thousand lines. */
export function LineNumber(props: { side: Side; line: number | null; look?: string | undefined }) {
  const { side, line } = props
  const { canReview } = useReview()
  if (line === null || !canReview) return <td className={`n ${props.look ?? ''}`}>{line}</td>
  const label = side === 'old' ? strings.diff.commentOnOld(line) : strings.diff.commentOn(line)
  return (
    <td className={`n ${props.look ?? ''}`}>
      <button
        type="button"
        className={styles.number}
        tabIndex={-1}
        data-place={lineKey(side, line)}
        aria-label={label}
      >
        {line}
      </button>
    </td>
  )
}
