import {
  AlignLeft,
  type LucideIcon,
  MessageSquare,
  Pencil,
  Receipt,
  SquareTerminal,
  Wrench,
} from 'lucide-react'
import { memo, type ReactNode } from 'react'
import type { Schemas } from '../../../api/client'
import { StatusIcon } from '../../../components/status/Status'
import { locale, strings } from '../../../i18n'
import { formatDuration, formatExactTime, formatTimeWithSeconds } from '../../../lib/format/times'
import type { Entry, Row } from '../../../lib/task/transcript'
import { ViewLink } from '../ViewLink'
import { Command } from './Command'
import { Denied } from './Denied'
import { Edit } from './Edit'
import { Message } from './Message'
import { Question } from './Question'
import { Tools } from './Tools'
import styles from './Transcript.module.css'
import { UsageLine } from './UsageLine'

type Props = {
  task: Schemas['TaskDetail']
  row: Row
  events: Schemas['Event'][]
  attempt: number
}

/** A row of the transcript, memoized: it renders again only when its props change. */
export const TranscriptRow = memo(function RowOf({ task, row, events, attempt }: Props) {
  if (row.is === 'stage') {
    return (
      <div className={styles.stage}>
        <h2>{task.pipeline[row.stage]?.name}</h2>
        {row.milliseconds !== null && (
          <span className="dim">{formatDuration(row.milliseconds, strings.units)}</span>
        )}
        {row.isSilent && <span className="dim">{strings.transcript.silent}</span>}
      </div>
    )
  }
  const first = row.is === 'tools' ? row.entries[0] : row.entry
  if (!first) return null
  return (
    <EntryFrame task={task} entry={first} attempt={attempt}>
      {row.is === 'tools' ? (
        <Tools taskId={task.id} entries={row.entries} milliseconds={row.milliseconds} />
      ) : (
        <EntryContent
          task={task}
          entry={row.entry}
          events={events}
          milliseconds={row.milliseconds}
        />
      )}
    </EntryFrame>
  )
})

function EntryFrame(props: {
  task: { id: number }
  entry: Entry
  attempt: number
  children: ReactNode
}) {
  const { task, entry, attempt } = props
  const at = new Date(entry.at)
  const offset = String(entry.logOffset)
  return (
    <div className={`${styles.entry} ${entry.kind === 'question' ? styles.asks : ''}`}>
      <time dateTime={entry.at} title={formatExactTime(at, locale)}>
        {formatTimeWithSeconds(at, locale)}
      </time>
      <EntryIcon kind={entry.kind} />
      <div>{props.children}</div>
      <ViewLink
        task={task}
        view="log"
        at={{ attempt: String(attempt), offset }}
        className={styles.at}
        title={strings.transcript.jump}
      >
        {strings.transcript.log(entry.logOffset.toLocaleString(locale))}
      </ViewLink>
    </div>
  )
}

const ICONS: Partial<Record<Entry['kind'], LucideIcon>> = {
  message: MessageSquare,
  thought: AlignLeft,
  tool: Wrench,
  edit: Pencil,
  command: SquareTerminal,
  usage: Receipt,
}

function EntryIcon({ kind }: { kind: Entry['kind'] }) {
  const Icon = ICONS[kind]
  if (Icon) return <Icon className="i" aria-hidden="true" />
  const look = kind === 'question' ? 'needs' : kind === 'denied' ? 'unhealthy' : 'failed'
  return (
    <span className="tone" data-is={look === 'unhealthy' ? 'needs' : look}>
      <StatusIcon look={look} />
    </span>
  )
}

type ContentProps = {
  task: Schemas['TaskDetail']
  entry: Entry
  events: Schemas['Event'][]
  milliseconds: number | null
}

function EntryContent({ task, entry, events, milliseconds }: ContentProps) {
  switch (entry.kind) {
    case 'edit':
      return <Edit taskId={task.id} entry={entry} />
    case 'command':
      return <Command taskId={task.id} entry={entry} milliseconds={milliseconds} />
    case 'tool':
      return <Tools taskId={task.id} entries={[entry]} milliseconds={milliseconds} />
    case 'denied':
      return <Denied entry={entry} agentType={task.agentType} />
    case 'question':
      return <Question task={task} entry={entry} events={events} />
    case 'usage':
      return <UsageLine entry={entry} />
    default:
      return <Message entry={entry} />
  }
}
