import { agentName } from '../../../lib/agents'
import { textIn } from '../../../lib/entryData'
import { seen } from '../../../lib/seen'
import type { Entry } from '../../../lib/transcript'
import { words } from '../../../words'
import styles from './Transcript.module.css'

/** What the agent was not let do. */
export function Denied({ entry, agentType }: { entry: Entry; agentType: string }) {
  return (
    <>
      <div className={styles.headLine}>
        <span>
          <b>{words.transcript.notAllowed}</b>{' '}
          <code>{seen(textIn(entry.data, 'command') ?? entry.title)}</code>
        </span>
      </div>
      <p className="dim">
        {seen(sentence(entry.text))} {words.transcript.told(agentName(agentType))}
      </p>
    </>
  )
}

function sentence(text: string): string {
  const first = text.trim().split('\n', 1)[0] ?? ''
  return first === '' || /[.!?。]$/.test(first) ? first : `${first}.`
}
