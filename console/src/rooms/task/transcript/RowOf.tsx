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
import { clockWithSeconds, duration, exact } from '../../../lib/times'
import type { Entry, Row } from '../../../lib/transcript'
import { StatusMark } from '../../../ui/Status'
import { locale, words } from '../../../words'
import { ViewLink } from '../ViewLink'
import { Command } from './Command'
import { Denied } from './Denied'
import { Edit } from './Edit'
import { Question } from './Question'
import { Said } from './Said'
import { Tools } from './Tools'
import styles from './Transcript.module.css'
import { UsedLine } from './UsedLine'

type Props = {
  task: Schemas['TaskDetail']
  row: Row
  events: Schemas['Event'][]
  attempt: number
}

/** A row is drawn anew when it has changed, or its task stands otherwise. */
export const RowOf = memo(function RowOf({ task, row, events, attempt }: Props) {
  if (row.is === 'stage') {
    return (
      <div className={styles.stage}>
        <h2>{task.pipeline[row.stage]?.name}</h2>
        {row.milliseconds !== null && (
          <span className="dim">{duration(row.milliseconds, words.units)}</span>
        )}
        {row.isSilent && <span className="dim">{words.transcript.silent}</span>}
      </div>
    )
  }
  const first = row.is === 'tools' ? row.entries[0] : row.entry
  if (!first) return null
  return (
    <Framed task={task} entry={first} attempt={attempt}>
      {row.is === 'tools' ? (
        <Tools entries={row.entries} milliseconds={row.milliseconds} />
      ) : (
        <Content task={task} entry={row.entry} events={events} milliseconds={row.milliseconds} />
      )}
    </Framed>
  )
})

function Framed(props: {
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
      <time dateTime={entry.at} title={exact(at, locale)}>
        {clockWithSeconds(at, locale)}
      </time>
      <Mark kind={entry.kind} />
      <div>{props.children}</div>
      <ViewLink
        task={task}
        view="log"
        at={{ attempt: String(attempt), offset }}
        className={styles.at}
        title={words.transcript.jump}
      >
        {words.transcript.log(entry.logOffset.toLocaleString(locale))}
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

function Mark({ kind }: { kind: Entry['kind'] }) {
  const Icon = ICONS[kind]
  if (Icon) return <Icon className="i" aria-hidden="true" />
  const look = kind === 'question' ? 'needs' : kind === 'denied' ? 'unwell' : 'failed'
  return (
    <span className="tone" data-is={look === 'unwell' ? 'needs' : look}>
      <StatusMark look={look} />
    </span>
  )
}

type ContentProps = {
  task: Schemas['TaskDetail']
  entry: Entry
  events: Schemas['Event'][]
  milliseconds: number | null
}

function Content({ task, entry, events, milliseconds }: ContentProps) {
  switch (entry.kind) {
    case 'edit':
      return <Edit entry={entry} />
    case 'command':
      return <Command entry={entry} milliseconds={milliseconds} />
    case 'tool':
      return <Tools entries={[entry]} milliseconds={milliseconds} />
    case 'denied':
      return <Denied entry={entry} agentType={task.agentType} />
    case 'question':
      return <Question task={task} entry={entry} events={events} />
    case 'usage':
      return <UsedLine entry={entry} />
    default:
      return <Said entry={entry} />
  }
}
