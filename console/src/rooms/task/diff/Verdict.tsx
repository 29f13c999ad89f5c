import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { words } from '../../../words'
import { Points } from './Points'
import { draftsIn, type Thread } from './placing'
import { ReviewForm } from './ReviewForm'
import { Reviews } from './Reviews'
import { useReview } from './review'
import styles from './Verdict.module.css'

type Props = {
  task: Schemas['TaskDetail']
  gate: Schemas['PendingGate'] | null
  threads: Thread[]
  viewedCount: number
  fileCount: number
  onThread: (thread: Thread) => void
}

/** What is asked, what one says to it, and what was said so far. */
export function Verdict({ task, gate, threads, viewedCount, fileCount, onThread }: Props) {
  const { mayReview } = useReview()
  const share = fileCount > 0 ? (viewedCount / fileCount) * 100 : 0
  return (
    <aside className={styles.verdict} aria-label={words.diff.yourReview} id="review">
      {gate && (
        <div className={styles.ask}>
          <p className="soft">{words.diff.askedOf(task.projectKey)}</p>
          <p className={styles.prompt}>{seen(gate.prompt)}</p>
        </div>
      )}
      {mayReview && <ReviewForm task={task} gate={gate} drafts={draftsIn(threads)} />}
      {threads.length > 0 && <Points threads={threads} onThread={onThread} />}
      <section>
        <h2>{words.diff.viewed}</h2>
        <p className="soft">{words.diff.viewedOf(viewedCount, fileCount)}</p>
        <span className={`meter ${styles.meter}`} data-is="running" aria-hidden="true">
          <i style={{ width: `${share}%` }} />
        </span>
      </section>
      <Reviews task={task} />
    </aside>
  )
}
