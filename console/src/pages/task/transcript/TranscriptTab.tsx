import { useDeferredValue } from 'react'
import type { Schemas } from '../../../api/client'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { strings } from '../../../i18n'
import { KINDS, type Kind, transcriptRows } from '../../../lib/task/transcript'
import { useEvents } from '../../../queries/events'
import { useTranscript } from '../../../queries/transcript'
import { Facts } from '../facts/Facts'
import { MessageBoxCard, MessageListCard } from '../messages/MessagePanel'
import { useTaskSearch } from '../search'
import { CurrentActivity } from './CurrentActivity'
import { EmptyTranscript } from './EmptyTranscript'
import { LiveText } from './LiveText'
import styles from './Transcript.module.css'
import { TranscriptRows } from './TranscriptRows'
import { TranscriptToolbar } from './TranscriptToolbar'
import { useFollow } from './useFollow'

type Props = { task: Schemas['TaskDetail'] }

/** The agent's messages and actions, in order, beside the task's facts. */
export default function TranscriptTab({ task }: Props) {
  return (
    <div className={styles.read}>
      <TranscriptFlow task={task} />
      <Facts task={task} />
    </div>
  )
}

function TranscriptFlow({ task }: Props) {
  const search = useTaskSearch()
  const attempt = Number(search.attempt ?? task.attempt) || task.attempt
  const kind: Kind = KINDS.find((one) => one === search.kind) ?? 'all'
  const q = useDeferredValue(search.q?.trim() ?? '')
  const { data: entries, error, refetch } = useTranscript(task.id, attempt)
  const events = useEvents(task.id).data ?? []
  const rows = transcriptRows(entries ?? [], events, attempt, kind, q)
  const follow = useFollow(entries?.length ?? 0)
  const isLatest = attempt === task.attempt
  const isRead = entries !== undefined || attempt === 0
  return (
    <section className={styles.flow} aria-label={strings.transcript.label}>
      <TranscriptToolbar task={task} attempt={attempt} kind={kind} follow={follow} />
      {error && !entries && <ErrorMessage error={error} again={() => void refetch()} />}
      {!isRead && !error && <Skeleton />}
      {isRead && (entries ?? []).length === 0 && kind === 'all' && !q ? (
        <EmptyTranscript task={task} attempt={attempt} rows={rows} />
      ) : (
        isRead && <TranscriptRows task={task} rows={rows} events={events} attempt={attempt} />
      )}
      {isRead && rows.length === 0 && (kind !== 'all' || q) && <NoHit />}
      <div ref={follow.end} className={styles.endPlace}>
        {kind !== 'edits' && kind !== 'commands' && !q && (
          <LiveText taskId={task.id} attempt={attempt} />
        )}
        {isLatest && <CurrentActivity task={task} />}
        {isLatest && <MessageListCard task={task} />}
      </div>
      {isLatest && <MessageBoxCard task={task} />}
    </section>
  )
}

function NoHit() {
  return <p className="dim">{strings.transcript.noHit}</p>
}
