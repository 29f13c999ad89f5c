import { useTicking } from '../../../components/hooks/useNow'
import { locale, strings } from '../../../i18n'
import { formatDuration } from '../../../lib/format/times'
import type { Entry } from '../../../lib/task/transcript'
import { useLiveCpu } from '../../../queries/liveText'

const ONE_DIGIT = { minimumFractionDigits: 1, maximumFractionDigits: 1 }

type Props = { taskId: number; entry: Entry | undefined; milliseconds: number | null }

/** How long an action took; while it runs, how long it has been running, and how many processors it
 *  uses. For what takes no time, how long after the previous entry it came. */
export function DurationOf({ taskId, entry, milliseconds }: Props) {
  if (entry?.state === 'running') return <RunningTime taskId={taskId} entry={entry} />
  if (milliseconds === null) return null
  return (
    <span className="dim" title={entry?.state ? undefined : strings.transcript.since}>
      {formatDuration(milliseconds, strings.units)}
    </span>
  )
}

function RunningTime({ taskId, entry }: { taskId: number; entry: Entry }) {
  const cpu = useLiveCpu(taskId, entry)
  const duration = useTicking((now) =>
    // Whole seconds: the clock ticks once a second.
    formatDuration(Math.floor((now - Date.parse(entry.startedAt)) / 1000) * 1000, strings.units),
  )
  return (
    <span className="badge" data-is="running">
      {strings.transcript.runs(duration)}
      {cpu !== undefined && strings.transcript.cpu(cpu.toLocaleString(locale, ONE_DIGIT))}
    </span>
  )
}
