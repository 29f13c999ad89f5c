import { Check, Clock, MessageSquare, Pencil } from 'lucide-react'
import { strings } from '../../../../i18n'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import { type Thread, type ThreadState, threadState } from '../model/threadPositions'
import styles from './ReviewPanel.module.css'

const icons = { open: MessageSquare, draft: Pencil, resolved: Check, outdated: Clock }

/** The threads, each a link to its position. */
export function ThreadList(props: { threads: Thread[]; onThread: (thread: Thread) => void }) {
  return (
    <section>
      <h2>{strings.diff.threads}</h2>
      <ul className={styles.points}>
        {props.threads.map((thread) => (
          <li key={thread.id}>
            <ThreadIcon state={threadState(thread)} />
            <button type="button" className="cut" onClick={() => props.onThread(thread)}>
              {revealInvisible(thread.comments[0]?.body ?? '')}
            </button>
            <span className="dim">{strings.diff.states[threadState(thread)]}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function ThreadIcon({ state }: { state: ThreadState }) {
  const Icon = icons[state]
  return <Icon className="i" aria-hidden="true" />
}
