import { Code } from './Code'
import type { Colours } from './highlighting'
import { LineNumber } from './LineNumber'
import { NoEnd } from './NoEnd'
import { keyOf, type Line } from './rows'

const looks = { added: 'a', deleted: 'd', context: undefined }

type Props = { line: Line; colours: Colours; other: string | undefined; isNarrow: boolean }

export function UnifiedRow({ line, colours, other, isNarrow }: Props) {
  const isOld = line.type === 'deleted'
  return (
    <tr className={looks[line.type]}>
      {isOld && <LineNumber side="old" line={line.oldLine} />}
      {!isNarrow && <td className="n">{isOld ? null : line.oldLine}</td>}
      {!isOld && <LineNumber side="new" line={line.newLine} />}
      <td className="c">
        <Code line={line} tones={colours.get(keyOf(line))} other={other} />
        {line.noNewline && <NoEnd />}
      </td>
    </tr>
  )
}
