import { keyOf, type Line, type PairRow, type Side } from '../model/rows'
import { Code } from './Code'
import styles from './DiffRows.module.css'
import { LineNumber } from './LineNumber'
import { NoNewline } from './NoNewline'
import type { TokenColors } from './syntaxColors'

type Props = { row: PairRow; colours: TokenColors; others: ReadonlyMap<Line, string> }

export function SplitRow({ row, colours, others }: Props) {
  const half = (side: Side, line: Line | null) => {
    if (line === null) return <td colSpan={2} className={styles.none} />
    const look = line.type === 'context' ? '' : line.type === 'added' ? styles.added : styles.gone
    return (
      <>
        <LineNumber side={side} line={side === 'old' ? line.oldLine : line.newLine} look={look} />
        <td className={`c ${look}`}>
          <Code line={line} tones={colours.get(keyOf(line))} other={others.get(line)} />
          {line.noNewline && <NoNewline />}
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
