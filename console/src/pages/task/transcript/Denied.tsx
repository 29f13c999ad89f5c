import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { textIn } from '../../../lib/task/entryData'
import type { Entry } from '../../../lib/task/transcript'
import styles from './Transcript.module.css'

/** An action that the agent was denied. */
export function Denied({ entry, agentType }: { entry: Entry; agentType: string }) {
  return (
    <>
      <div className={styles.headLine}>
        <span>
          <b>{strings.transcript.notAllowed}</b>{' '}
          <code>{revealInvisible(textIn(entry.data, 'command') ?? entry.title)}</code>
        </span>
      </div>
      <p className="dim">
        {revealInvisible(firstSentence(entry.text))}{' '}
        {strings.transcript.agentNotified(agentName(agentType))}
      </p>
    </>
  )
}

function firstSentence(text: string): string {
  const first = text.trim().split('\n', 1)[0] ?? ''
  return first === '' || /[.!?。]$/.test(first) ? first : `${first}.`
}
