import { AlignLeft, MessageSquare } from 'lucide-react'
import { Markdown } from '../../../components/markdown/Markdown'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { useLiveText } from '../../../queries/liveText'
import styles from './Transcript.module.css'

/** What the agent is writing, until its entry takes its place. Not announced: the entry is. */
export function LiveText({ taskId, attempt }: { taskId: number; attempt: number }) {
  const { thought, message } = useLiveText(taskId, attempt)
  return (
    <section aria-label={strings.transcript.writes}>
      {thought && (
        <div className={styles.entry}>
          <span />
          <AlignLeft className="i" aria-hidden="true" />
          <div className={styles.thought}>{revealInvisible(thought.text)}</div>
        </div>
      )}
      {message && (
        <div className={styles.entry}>
          <span />
          <MessageSquare className="i" aria-hidden="true" />
          <div className={styles.said}>
            <Markdown text={message.text} />
          </div>
        </div>
      )}
    </section>
  )
}
