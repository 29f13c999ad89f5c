import { Code } from './Code'
import type { Colours } from './highlighting'
import { LineNumber } from './LineNumber'
import { NoEnd } from './NoEnd'
import styles from './Rows.module.css'
import { keyOf, type Line, type PairRow, type Side } from './rows'

type Props = { row: PairRow; colours: Colours; others: ReadonlyMap<Line, string> }

export function SplitRow({ row, colours, others }: Props) {
  const half = (side: Side, line: Line | null) => {
    if (line === null) return <td colSpan={2} className={styles.none} />
    const look = line.type === 'context' ? '' : line.type === 'added' ? styles.added : styles.gone
    return (
      <>
        <LineNumber side={side} line={side === 'old' ? line.oldLine : line.newLine} look={look} />
        <td className={`c ${look}`}>
          <Code line={line} tones={colours.get(keyOf(line))} other={others.get(line)} />
          {line.noNewline && <NoEnd />}
        </td>
      </>
    )
  }
  return (
    <tr>
      {half('old', row.old)}
      {half('new', row.new)}
    </tr>
  )
}
