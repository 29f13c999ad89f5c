import type { Schemas } from '../../../../api/client'
import { strings } from '../../../../i18n'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import { countDrafts, type Thread } from '../model/threadPositions'
import { ReviewForm } from './ReviewForm'
import styles from './ReviewPanel.module.css'
import { Reviews } from './Reviews'
import { useReview } from './reviewContext'
import { ThreadList } from './ThreadList'

type Props = {
  task: Schemas['TaskDetail']
  gate: Schemas['PendingGate'] | null
  threads: Thread[]
  viewedCount: number
  fileCount: number
  onThread: (thread: Thread) => void
}

/** The gate's question, your review form, and the threads and reviews so far. */
export function ReviewPanel({ task, gate, threads, viewedCount, fileCount, onThread }: Props) {
  const { canReview } = useReview()
  const share = fileCount > 0 ? (viewedCount / fileCount) * 100 : 0
  return (
    <aside className={styles.verdict} aria-label={strings.diff.yourReview} id="review">
      {gate && (
        <div className={styles.ask}>
          <p className="soft">{strings.diff.askedOf(task.projectKey)}</p>
          <p className={styles.prompt}>{revealInvisible(gate.prompt)}</p>
        </div>
      )}
      {canReview && <ReviewForm task={task} gate={gate} drafts={countDrafts(threads)} />}
      {threads.length > 0 && <ThreadList threads={threads} onThread={onThread} />}
      <section>
        <h2>{strings.diff.viewed}</h2>
        <p className="soft">{strings.diff.viewedOf(viewedCount, fileCount)}</p>
        <span className={`meter ${styles.meter}`} data-is="running" aria-hidden="true">
          <i style={{ width: `${share}%` }} />
        </span>
      </section>
      <Reviews task={task} />
    </aside>
  )
}
