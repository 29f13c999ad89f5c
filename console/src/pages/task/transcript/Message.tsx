import { Markdown } from '../../../components/markdown/Markdown'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import type { Entry } from '../../../lib/task/transcript'
import { TruncatedHint } from './Output'
import styles from './Transcript.module.css'

/** The agent's messages, thoughts and errors, labeled if they are progress notes, replies in a
 *  review, or follow-ups; and people's messages to the agent. */
export function Message({ entry }: { entry: Entry }) {
  const { kind, data, title, text } = entry
  const label = labelOf(entry)
  if (kind === 'thought') {
    return (
      <div className={styles.thought}>
        {revealInvisible(text || title)}
        <TruncatedHint entry={entry} />
      </div>
    )
  }
  return (
    <div className={kind === 'error' ? styles.error : styles.said}>
      {label && <p className={styles.label}>{label}</p>}
      <Markdown text={(data.followUp && !text ? title : text) || title} />
      <TruncatedHint entry={entry} />
    </div>
  )
}

function labelOf({ kind, data }: Entry): string | null {
  if (kind === 'error') return strings.transcript.stopped
  if (typeof data.author === 'string') return strings.messages.to(data.author)
  if (data.progress) return strings.transcript.progress
  if (data.reply) return strings.transcript.inReview
  return data.followUp ? strings.transcript.followUp : null
}
