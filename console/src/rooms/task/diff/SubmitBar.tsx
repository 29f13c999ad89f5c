import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import styles from './Diff.module.css'
import { draftsIn, type Thread } from './placing'

/** On phones, above the rooms: the way to one's review. */
export function SubmitBar({ threads }: { threads: Thread[] }) {
  const drafts = draftsIn(threads)
  const go = () => {
    document.getElementById('review')?.scrollIntoView({ block: 'start' })
    document.getElementById('review-summary')?.focus({ preventScroll: true })
  }
  return (
    <div className={styles.submit}>
      <span className="grow dim">
        {drafts > 0 ? words.diff.drafts(drafts) : words.diff.noDrafts}
      </span>
      <Button look="main" onClick={go}>
        {words.diff.submit}
      </Button>
    </div>
  )
}
