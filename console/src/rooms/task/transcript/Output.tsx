import { useState } from 'react'
import { seen } from '../../../lib/seen'
import type { Entry } from '../../../lib/transcript'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import styles from './Transcript.module.css'

/** What a command or a tool has shown: a few lines, and all of it on a press. */
export function Output({ entry, lines }: { entry: Entry; lines: number }) {
  const [isWhole, setWhole] = useState(false)
  const all = entry.text.replace(/\s+$/, '').split('\n')
  const shown = isWhole ? all : all.slice(0, lines)
  const left = all.length - shown.length
  if (entry.text.trim() === '') return null
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, also by keyboard */}
      <pre className={styles.out} tabIndex={0}>
        {seen(shown.join('\n'))}
        {left > 0 && `\n${words.transcript.moreLines(left)}`}
      </pre>
      {all.length > lines && (
        <Button look="quiet" size="tiny" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? words.transcript.showLess : words.transcript.showAll}
        </Button>
      )}
      <RestInLog entry={entry} />
    </>
  )
}

/** Said where the entry has not all of it. */
export function RestInLog({ entry }: { entry: Entry }) {
  return entry.data.cut ? <p className="hint">{words.transcript.cut}</p> : null
}
