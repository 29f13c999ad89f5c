import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import type { Entry } from '../../../lib/task/transcript'
import styles from './Transcript.module.css'

/** The output of a command or a tool: its first lines, and all of it on a click. */
export function Output({ entry, lines }: { entry: Entry; lines: number }) {
  const [isWhole, setWhole] = useState(false)
  const all = entry.text.replace(/\s+$/, '').split('\n')
  const visible = isWhole ? all : all.slice(0, lines)
  const left = all.length - visible.length
  if (entry.text.trim() === '') return null
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: focusable so that a keyboard can scroll it */}
      <pre className={styles.out} tabIndex={0}>
        {revealInvisible(visible.join('\n'))}
        {left > 0 && `\n${strings.transcript.moreLines(left)}`}
      </pre>
      {all.length > lines && (
        <Button
          variant="quiet"
          size="tiny"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? strings.transcript.showLess : strings.transcript.showAll}
        </Button>
      )}
      <TruncatedHint entry={entry} />
    </>
  )
}

/** A hint that the entry is truncated. */
export function TruncatedHint({ entry }: { entry: Entry }) {
  return entry.data.cut ? <p className="hint">{strings.transcript.cut}</p> : null
}
