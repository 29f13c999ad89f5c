import { textIn } from '../../../lib/entryData'
import { seen } from '../../../lib/seen'
import { duration } from '../../../lib/times'
import type { Entry } from '../../../lib/transcript'
import { words } from '../../../words'
import { Output } from './Output'
import styles from './Transcript.module.css'

const SHOWN = { good: 3, bad: 8 }

/** A command, how it ended, how long that took, and the beginning of what it has shown. */
export function Command(props: { entry: Entry; milliseconds: number | null }) {
  const { entry, milliseconds } = props
  const { exitCode, failed, unfinished } = entry.data
  const command = seen(textIn(entry.data, 'command') ?? entry.title)
  const isBad = Boolean(exitCode) || Boolean(failed) || Boolean(unfinished)
  return (
    <>
      <div className={styles.headLine}>
        <code title={command}>$ {command}</code>
        <span className="badge mono" data-is={isBad ? 'failed' : 'completed'}>
          {unfinished
            ? words.transcript.unfinished
            : typeof exitCode === 'number'
              ? words.transcript.exit(exitCode)
              : isBad
                ? words.transcript.failed
                : words.task.states.done}
        </span>
        {milliseconds !== null && (
          <span className="dim" title={words.transcript.since}>
            {duration(milliseconds, words.units)}
          </span>
        )}
      </div>
      <Output entry={entry} lines={isBad ? SHOWN.bad : SHOWN.good} />
    </>
  )
}
