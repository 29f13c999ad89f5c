import type { Schemas } from '../../../api/client'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { strings } from '../../../i18n'
import type { Row } from '../../../lib/task/transcript'
import { ViewLink } from '../ViewLink'

/** A hint for a transcript without entries, with a link to the log if the attempt has started. */
export function EmptyTranscript(props: {
  task: Schemas['TaskDetail']
  attempt: number
  rows: Row[]
}) {
  const hasBegun = props.attempt > 0 && props.rows.length > 0
  if (!hasBegun) {
    return (
      <EmptyState title={strings.transcript.nothingYet}>
        <p>{strings.transcript.nothingYetWhy}</p>
      </EmptyState>
    )
  }
  return (
    <EmptyState title={strings.transcript.noEntries}>
      <p>{strings.transcript.noEntriesWhy}</p>
      <ViewLink className="btn" task={props.task} view="log">
        {strings.task.view.log}
      </ViewLink>
    </EmptyState>
  )
}
