import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Schemas } from '../../../api/client'
import { useNow } from '../../../components/hooks/useNow'
import { language, locale, strings } from '../../../i18n'
import { waits as en } from '../../../i18n/en/waits'
import { waits as zh } from '../../../i18n/zh/waits'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { formatRoughDuration, formatTime } from '../../../lib/format/times'
import { formatLoad } from '../../../lib/task/statusText'
import { useMe } from '../../../queries/me'
import type { TaskDetail } from '../../../queries/task'
import styles from './waits.module.css'

type Block = Schemas['Block']
type Props = { id: string; task: TaskDetail; blocked: Block[] }

const MAX_ROWS = 100

/** The machines that can't run a task, each with the first rule that excludes it. */
export default function BlockerList({ id, task, blocked }: Props) {
  const words = language === 'en' ? en : zh
  const free = task.relocation?.machineCount ?? 0
  const hidden = blocked.length - MAX_ROWS
  return (
    <section id={id} aria-label={words.title} className={`panel ${styles.blockers}`}>
      <p className="soft">
        {words.count(blocked.length)}
        {free > 0 && ` · ${words.canTakeIt(free)}`}
      </p>
      <ul>
        {blocked.slice(0, MAX_ROWS).map((block) => (
          <BlockerRow key={block.machineId} block={block} words={words} />
        ))}
      </ul>
      {hidden > 0 && <p className="soft">{words.others(hidden)}</p>}
    </section>
  )
}

function BlockerRow({ block, words }: { block: Block; words: typeof en }) {
  const { machineId, machineName, reason, detail, required } = block
  const isUnlisted = reason === 'label_mismatch' && required === null
  const rule = isUnlisted ? words.notListed : (words.rules[reason] ?? words.otherRule)
  const text = detail ? (strings.statusText.ill[detail] ?? revealInvisible(detail)) : ''
  return (
    <li>
      <Link className="tall" to="/machines/$machineId" params={{ machineId }}>
        {revealInvisible(machineName)}
      </Link>
      <span>{rule}</span>
      <span className={styles.numbers}>
        {text && <span>{text}</span>}
        <Numbers block={block} words={words} />
        <Duration block={block} words={words} />
      </span>
    </li>
  )
}

/** The numbers that decide, each with a link to what sets it. */
function Numbers({ block, words }: { block: Block; words: typeof en }) {
  const { machineId, measure, required, actual, reason } = block
  if (measure?.kind === 'slots') {
    return (
      <MachineLink machineId={machineId}>
        {words.slotsUsed(measure.value, measure.limit)}
      </MachineLink>
    )
  }
  if (measure) {
    return (
      <>
        <MachineLink machineId={machineId}>{words.load(formatLoad(measure))}</MachineLink>
        <SettingLink name={measure.setting}>{words.loadLimit(measure.limit)}</SettingLink>
      </>
    )
  }
  if (required === null) return null
  const levels = reason === 'sandbox_unavailable' ? strings.machines.sandboxes : {}
  const nameOf = (what: string) => levels[what] ?? what
  return (
    <>
      <span>{words.required(nameOf(required))}</span>
      {actual !== null && (
        <MachineLink machineId={machineId}>{words.actual(nameOf(actual))}</MachineLink>
      )}
    </>
  )
}

function MachineLink({ machineId, children }: { machineId: string; children: ReactNode }) {
  return (
    <Link className="tall" to="/machines/$machineId" params={{ machineId }}>
      {children}
    </Link>
  )
}

/** A link to the setting, for admins: others can't see it. */
function SettingLink({ name, children }: { name: string | null; children: ReactNode }) {
  const isAdmin = useMe()?.role === 'admin'
  if (name === null || !isAdmin) return <span title={name ?? undefined}>{children}</span>
  return (
    <Link className="tall" to="/admin/settings" search={{ q: name } as never} title={name}>
      {children}
    </Link>
  )
}

function Duration({ block, words }: { block: Block; words: typeof en }) {
  const now = useNow()
  const { since, until, reason } = block
  if (until) return <span>{words.until(formatTime(new Date(until), locale, new Date(now)))}</span>
  if (!since) return null
  const ago = formatRoughDuration(now - Date.parse(since), strings.units)
  return <span>{reason === 'offline' ? words.lastSeen(ago) : words.lasting(ago)}</span>
}
