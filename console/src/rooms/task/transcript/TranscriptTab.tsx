import { useDeferredValue } from 'react'
import type { Schemas } from '../../../api/client'
import { KINDS, type Kind, rowsOf } from '../../../lib/transcript'
import { useEvents } from '../../../queries/events'
import { useTranscript } from '../../../queries/transcript'
import { Broken } from '../../../ui/Broken'
import { Ghost } from '../../../ui/Ghost'
import { words } from '../../../words'
import { Facts } from '../facts/Facts'
import { useTaskSearch } from '../search'
import { End } from './End'
import { FlowTools } from './FlowTools'
import { NoRows } from './NoRows'
import { Rows } from './Rows'
import styles from './Transcript.module.css'
import { useFollow } from './useFollow'

type Props = { task: Schemas['TaskDetail'] }

/** What the agent said and did, in order, beside the facts. */
export default function TranscriptTab({ task }: Props) {
  return (
    <div className={styles.read}>
      <Flow task={task} />
      <Facts task={task} />
    </div>
  )
}

function Flow({ task }: Props) {
  const search = useTaskSearch()
  const attempt = Number(search.attempt ?? task.attempt) || task.attempt
  const kind: Kind = KINDS.find((one) => one === search.kind) ?? 'all'
  const q = useDeferredValue(search.q?.trim() ?? '')
  const { data: entries, error, refetch } = useTranscript(task.id, attempt)
  const events = useEvents(task.id).data ?? []
  const rows = rowsOf(entries ?? [], events, attempt, kind, q)
  const follow = useFollow(entries?.length ?? 0)
  const isRead = entries !== undefined || attempt === 0
  return (
    <section className={styles.flow} aria-label={words.transcript.label}>
      <FlowTools task={task} attempt={attempt} kind={kind} follow={follow} />
      {error && !entries && <Broken error={error} again={() => void refetch()} />}
      {!isRead && !error && <Ghost />}
      {isRead && (entries ?? []).length === 0 && kind === 'all' && !q ? (
        <NoRows task={task} attempt={attempt} rows={rows} />
      ) : (
        isRead && <Rows task={task} rows={rows} events={events} attempt={attempt} />
      )}
      {isRead && rows.length === 0 && (kind !== 'all' || q) && <NoHit />}
      <div ref={follow.end} className={styles.endPlace}>
        {attempt === task.attempt && <End task={task} />}
      </div>
    </section>
  )
}

function NoHit() {
  return <p className="dim">{words.transcript.noHit}</p>
}
