import type { Schemas } from '../../../api/client'
import type { Row } from '../../../lib/transcript'
import { Empty } from '../../../ui/Empty'
import { words } from '../../../words'
import { ViewLink } from '../ViewLink'

/** An attempt that tells nothing, and where to look instead. */
export function NoRows(props: { task: Schemas['TaskDetail']; attempt: number; rows: Row[] }) {
  const hasBegun = props.attempt > 0 && props.rows.length > 0
  if (!hasBegun) {
    return (
      <Empty title={words.transcript.nothingYet}>
        <p>{words.transcript.nothingYetWhy}</p>
      </Empty>
    )
  }
  return (
    <Empty title={words.transcript.nothingTold}>
      <p>{words.transcript.nothingToldWhy}</p>
      <ViewLink className="btn" task={props.task} view="log">
        {words.task.view.log}
      </ViewLink>
    </Empty>
  )
}
