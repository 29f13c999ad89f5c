import { seen } from '../../../lib/seen'
import type { Entry } from '../../../lib/transcript'
import { Markdown } from '../../../ui/Markdown'
import { words } from '../../../words'
import { RestInLog } from './Output'
import styles from './Transcript.module.css'

/** What the agent says or thinks, and what went wrong. Where it speaks to somebody, to whom. */
export function Said({ entry }: { entry: Entry }) {
  const { kind, data, title, text } = entry
  const label = labelOf(entry)
  if (kind === 'thought') {
    return (
      <div className={styles.thought}>
        {seen(text || title)}
        <RestInLog entry={entry} />
      </div>
    )
  }
  return (
    <div className={kind === 'error' ? styles.error : styles.said}>
      {label && <p className={styles.label}>{label}</p>}
      <Markdown text={(data.followUp && !text ? title : text) || title} />
      <RestInLog entry={entry} />
    </div>
  )
}

function labelOf({ kind, data }: Entry): string | null {
  if (kind === 'error') return words.transcript.stopped
  if (data.progress) return words.transcript.progress
  if (data.reply) return words.transcript.inReview
  return data.followUp ? words.transcript.followUp : null
}
