import { Button } from '../../../../components/controls/Button'
import { strings } from '../../../../i18n'
import styles from '../Diff.module.css'
import { countDrafts, type Thread } from '../model/threadPositions'

/** A bar at the bottom that leads to your review, where that isn't beside the diff. Only the review
 *  has a button that submits it. */
export function SubmitBar({ threads }: { threads: Thread[] }) {
  const drafts = countDrafts(threads)
  const go = () => {
    document.getElementById('review')?.scrollIntoView({ block: 'start' })
    document.getElementById('review-summary')?.focus({ preventScroll: true })
  }
  return (
    <div className={styles.submit}>
      <span className="grow dim">
        {drafts > 0 ? strings.diff.drafts(drafts) : strings.diff.noDrafts}
      </span>
      <Button variant="main" onClick={go}>
        {strings.diff.yourReview}
      </Button>
    </div>
  )
}
