import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { textIn } from '../../../lib/task/entryData'
import type { Entry } from '../../../lib/task/transcript'
import { DurationOf } from './DurationOf'
import { LiveOutput } from './LiveOutput'
import { Output } from './Output'
import styles from './Transcript.module.css'

const OUTPUT_LINES = { good: 3, bad: 8 }

/** A command, its result and duration, and the beginning of its output; while it runs, the end of
 *  what it has printed so far. */
export function Command(props: { taskId: number; entry: Entry; milliseconds: number | null }) {
  const { taskId, entry, milliseconds } = props
  const { exitCode, failed } = entry.data
  const command = revealInvisible(textIn(entry.data, 'command') ?? entry.title)
  const unfinished = entry.data.unfinished || entry.state === 'stopped'
  const isBad = Boolean(exitCode) || Boolean(failed) || Boolean(unfinished)
  return (
    <>
      <div className={styles.headLine}>
        <code title={command}>$ {command}</code>
        {entry.state !== 'running' && (
          <span className="badge mono" data-is={isBad ? 'failed' : 'completed'}>
            {unfinished
              ? strings.transcript.unfinished
              : typeof exitCode === 'number'
                ? strings.transcript.exit(exitCode)
                : isBad
                  ? strings.transcript.failed
                  : strings.task.states.done}
          </span>
        )}
        <DurationOf taskId={taskId} entry={entry} milliseconds={milliseconds} />
      </div>
      {entry.state === 'running' && <LiveOutput taskId={taskId} entry={entry} />}
      <Output entry={entry} lines={isBad ? OUTPUT_LINES.bad : OUTPUT_LINES.good} />
    </>
  )
}
