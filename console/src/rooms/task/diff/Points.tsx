import { Check, Clock, MessageSquare, Pencil } from 'lucide-react'
import { seen } from '../../../lib/seen'
import { words } from '../../../words'
import { type State, stateOf, type Thread } from './placing'
import styles from './Verdict.module.css'

const icons = { open: MessageSquare, draft: Pencil, resolved: Check, outdated: Clock }

/** The threads, each a way to where it stands. */
export function Points(props: { threads: Thread[]; onThread: (thread: Thread) => void }) {
  return (
    <section>
      <h2>{words.diff.threads}</h2>
      <ul className={styles.points}>
        {props.threads.map((thread) => (
          <li key={thread.id}>
            <Mark state={stateOf(thread)} />
            <button type="button" className="cut" onClick={() => props.onThread(thread)}>
              {seen(thread.comments[0]?.body ?? '')}
            </button>
            <span className="dim">{words.diff.states[stateOf(thread)]}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Mark({ state }: { state: State }) {
  const Icon = icons[state]
  return <Icon className="i" aria-hidden="true" />
}
