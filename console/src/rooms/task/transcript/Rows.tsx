import type { Schemas } from '../../../api/client'
import type { Row } from '../../../lib/transcript'
import { words } from '../../../words'
import { SeenItems } from '../SeenItems'
import { RowOf } from './RowOf'

type RowsProps = {
  task: Schemas['TaskDetail']
  rows: Row[]
  events: Schemas['Event'][]
  attempt: number
}

/** So many are drawn as they are: the browser's own search finds all in them. */
const FEW = 250

export function Rows(props: RowsProps) {
  const { rows } = props
  if (rows.length > FEW) {
    return (
      <SeenItems
        label={words.transcript.label}
        items={rows}
        keyOf={({ key }) => key}
        tall={({ is }) => (is === 'stage' ? 44 : 64)}
        beyond={12}
        draw={(row) => <RowOf {...props} row={row} />}
      />
    )
  }
  return (
    <ol aria-label={words.transcript.label}>
      {rows.map((row) => (
        <li key={row.key}>
          <RowOf {...props} row={row} />
        </li>
      ))}
    </ol>
  )
}
