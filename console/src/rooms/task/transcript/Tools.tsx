import { useState } from 'react'
import { seen } from '../../../lib/seen'
import { duration } from '../../../lib/times'
import { type Entry, usesOf } from '../../../lib/transcript'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import { Output } from './Output'
import styles from './Transcript.module.css'

/** Tools in a row: what they were for in one line, and each of them on a press. */
export function Tools(props: { entries: Entry[]; milliseconds: number | null }) {
  const { entries, milliseconds } = props
  const [isOpen, setOpen] = useState(false)
  const only = entries.length === 1 ? entries[0] : undefined
  return (
    <>
      <div className={styles.headLine}>
        {only ? <code>{seen(only.title)}</code> : <span>{sentenceOf(entries)}</span>}
        {only?.data.failed ? (
          <span className="badge" data-is="failed">
            {words.transcript.failed}
          </span>
        ) : null}
        {milliseconds !== null && (
          <span className="dim" title={words.transcript.since}>
            {duration(milliseconds, words.units)}
          </span>
        )}
        <Button look="quiet" size="tiny" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? words.transcript.hideTools : words.transcript.showTools}
        </Button>
      </div>
      {isOpen && (
        <ul className={styles.folded}>
          {entries.map((entry) => (
            <li key={entry.number}>
              {!only && <code>{seen(entry.title)}</code>}
              <Output entry={entry} lines={only ? 30 : 8} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function sentenceOf(entries: Entry[]): string {
  const said = usesOf(entries)
    .map(([used, count]) => words.transcript.uses[used](count))
    .join(words.why.and('', '').startsWith('；') ? '，' : ', ')
  return said.charAt(0).toUpperCase() + said.slice(1)
}
