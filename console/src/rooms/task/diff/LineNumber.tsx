import { words } from '../../../words'
import styles from './Rows.module.css'
import { useReview } from './review'
import { placeKey, type Side } from './rows'

/** A line's number: pressed, it begins a comment. The table has one tab stop and hears the arrows,
 *  so that nobody tabs through ten thousand lines. */
export function LineNumber(props: { side: Side; line: number | null; look?: string | undefined }) {
  const { side, line } = props
  const { mayReview } = useReview()
  if (line === null || !mayReview) return <td className={`n ${props.look ?? ''}`}>{line}</td>
  const label = side === 'old' ? words.diff.commentOnOld(line) : words.diff.commentOn(line)
  return (
    <td className={`n ${props.look ?? ''}`}>
      <button
        type="button"
        className={styles.number}
        tabIndex={-1}
        data-place={placeKey(side, line)}
        aria-label={label}
      >
        {line}
      </button>
    </td>
  )
}
