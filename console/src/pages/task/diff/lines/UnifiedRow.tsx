import { keyOf, type Line } from '../model/rows'
import { Code } from './Code'
import { LineNumber } from './LineNumber'
import { NoNewline } from './NoNewline'
import type { TokenColors } from './syntaxColors'

const rowClasses = { added: 'a', deleted: 'd', context: undefined }

type Props = { line: Line; colours: TokenColors; other: string | undefined; isNarrow: boolean }

export function UnifiedRow({ line, colours, other, isNarrow }: Props) {
  const isOld = line.type === 'deleted'
  return (
    <tr className={rowClasses[line.type]}>
      {isOld && <LineNumber side="old" line={line.oldLine} />}
      {!isNarrow && <td className="n">{isOld ? null : line.oldLine}</td>}
      {!isOld && <LineNumber side="new" line={line.newLine} />}
      <td className="c">
        <Code line={line} tones={colours.get(keyOf(line))} other={other} />
        {line.noNewline && <NoNewline />}
      </td>
    </tr>
  )
}
