import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { countToolUses, type Entry } from '../../../lib/task/transcript'
import { DurationOf } from './DurationOf'
import { Output } from './Output'
import styles from './Transcript.module.css'

/** Consecutive tool calls: a summary in one line, and each of them on a click. */
export function Tools(props: { taskId: number; entries: Entry[]; milliseconds: number | null }) {
  const { taskId, entries, milliseconds } = props
  const [isOpen, setOpen] = useState(false)
  const only = entries.length === 1 ? entries[0] : undefined
  return (
    <>
      <div className={styles.headLine}>
        {only ? <code>{revealInvisible(only.title)}</code> : <span>{toolUseText(entries)}</span>}
        {only?.data.failed ? (
          <span className="badge" data-is="failed">
            {strings.transcript.failed}
          </span>
        ) : null}
        <DurationOf taskId={taskId} entry={entries[0]} milliseconds={milliseconds} />
        <Button variant="quiet" size="tiny" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? strings.transcript.hideTools : strings.transcript.showTools}
        </Button>
      </div>
      {isOpen && (
        <ul className={styles.folded}>
          {entries.map((entry) => (
            <li key={entry.number}>
              {!only && <code>{revealInvisible(entry.title)}</code>}
              <Output entry={entry} lines={only ? 30 : 8} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function toolUseText(entries: Entry[]): string {
  const text = countToolUses(entries)
    .map(([used, count]) => strings.transcript.uses[used](count))
    .join(strings.common.separators.clause)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
