import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'
import type { Row } from '../../../lib/task/transcript'
import { VirtualList } from '../VirtualList'
import { TranscriptRow } from './TranscriptRow'

type RowsProps = {
  task: Schemas['TaskDetail']
  rows: Row[]
  events: Schemas['Event'][]
  attempt: number
}

/** Maximum rows without virtual scrolling, in which the browser's search finds everything. */
const MAX_UNVIRTUALIZED = 250

export function TranscriptRows(props: RowsProps) {
  const { rows } = props
  if (rows.length > MAX_UNVIRTUALIZED) {
    return (
      <VirtualList
        label={strings.transcript.label}
        items={rows}
        keyOf={({ key }) => key}
        tall={({ is }) => (is === 'stage' ? 44 : 64)}
        beyond={12}
        draw={(row) => <TranscriptRow {...props} row={row} />}
      />
    )
  }
  return (
    <ol aria-label={strings.transcript.label}>
      {rows.map((row) => (
        <li key={row.key}>
          <TranscriptRow {...props} row={row} />
        </li>
      ))}
    </ol>
  )
}
