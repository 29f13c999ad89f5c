import { useTicking } from '../../../components/hooks/useNow'
import { strings } from '../../../i18n'
import { formatDuration } from '../../../lib/format/times'
import type { Entry } from '../../../lib/task/transcript'

/** How long an action took; while it runs, how long it has been running. For what takes no time,
 *  how long after the previous entry it came. */
export function DurationOf(props: { entry: Entry | undefined; milliseconds: number | null }) {
  const { entry, milliseconds } = props
  if (entry?.state === 'running') return <RunningTime startedAt={entry.startedAt} />
  if (milliseconds === null) return null
  return (
    <span className="dim" title={entry?.state ? undefined : strings.transcript.since}>
      {formatDuration(milliseconds, strings.units)}
    </span>
  )
}

function RunningTime({ startedAt }: { startedAt: string }) {
  const duration = useTicking((now) =>
    // Whole seconds: the clock ticks once a second.
    formatDuration(Math.floor((now - Date.parse(startedAt)) / 1000) * 1000, strings.units),
  )
  return (
    <span className="badge" data-is="running">
      {strings.transcript.runs(duration)}
    </span>
  )
}
