import type { Schemas } from '../../../api/client'
import { Markdown } from '../../../components/markdown/Markdown'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { textIn, textsIn } from '../../../lib/task/entryData'
import { type Entry, findAnswer } from '../../../lib/task/transcript'
import styles from './Transcript.module.css'

type Props = { task: Schemas['TaskDetail']; entry: Entry; events: Schemas['Event'][] }

/** The agent's question, and its answer. An open one is answered above the views. */
export function Question({ task, entry, events }: Props) {
  const answer = findAnswer(entry, events)
  const answeredBy = answer?.data.answeredBy
  const isOpen = !answer && task.suspendReason === 'question' && entry.attempt === task.attempt
  const agent = agentName(task.agentType)
  const choices = textsIn(entry.data, 'choices')
  return (
    <div className={isOpen ? styles.openQuestion : styles.question}>
      <p className={styles.label}>
        {isOpen ? strings.transcript.asks(agent) : strings.transcript.asked(agent)}
      </p>
      <div className={styles.what}>
        <Markdown text={entry.text || entry.title} />
      </div>
      {!answer && choices.length > 0 && (
        <ul className={styles.choices}>
          {choices.map((choice) => (
            <li key={choice}>{revealInvisible(choice)}</li>
          ))}
        </ul>
      )}
      {answer && answeredBy && (
        <p>
          <span className="dim">{strings.transcript.answeredBy(answeredBy.name)}</span>{' '}
          {revealInvisible(textIn(answer.data, 'result') ?? '')}
        </p>
      )}
      {isOpen && (
        <a className="btn" href="#question">
          {strings.transcript.answerAbove}
        </a>
      )}
    </div>
  )
}
