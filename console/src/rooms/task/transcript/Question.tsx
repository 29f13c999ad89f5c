import type { Schemas } from '../../../api/client'
import { agentName } from '../../../lib/agents'
import { textsIn } from '../../../lib/entryData'
import { seen } from '../../../lib/seen'
import { answerTo, type Entry } from '../../../lib/transcript'
import { winnerOf } from '../../../lib/winner'
import { Markdown } from '../../../ui/Markdown'
import { words } from '../../../words'
import styles from './Transcript.module.css'

type Props = { task: Schemas['TaskDetail']; entry: Entry; events: Schemas['Event'][] }

/** What the agent asked, and what it was told. One that is open is answered above the views. */
export function Question({ task, entry, events }: Props) {
  const answer = answerTo(entry, events)
  const won = answer && winnerOf(answer)
  const isOpen = !answer && task.suspendReason === 'question' && entry.attempt === task.attempt
  const agent = agentName(task.agentType)
  const choices = textsIn(entry.data, 'choices')
  return (
    <div className={isOpen ? styles.openQuestion : styles.question}>
      <p className={styles.label}>
        {isOpen ? words.transcript.asks(agent) : words.transcript.asked(agent)}
      </p>
      <div className={styles.what}>
        <Markdown text={entry.text || entry.title} />
      </div>
      {!won && choices.length > 0 && (
        <ul className={styles.choices}>
          {choices.map((choice) => (
            <li key={choice}>{seen(choice)}</li>
          ))}
        </ul>
      )}
      {won && (
        <p>
          <span className="dim">{words.transcript.answeredBy(won.who)}</span> {seen(won.said)}
        </p>
      )}
      {isOpen && (
        <a className="btn" href="#question">
          {words.transcript.answerAbove}
        </a>
      )}
    </div>
  )
}
