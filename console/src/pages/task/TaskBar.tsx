import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { displayStatus } from '../../lib/task/displayStatus'
import { titleOf } from '../../lib/task/title'
import type { TaskDetail } from '../../queries/task'
import styles from './TaskBar.module.css'
import { useFilesChanged } from './useDiffStats'
import { Tabs } from './Views'

/** The task's views. While its header is out of sight, its status and title too. */
export function TaskBar({ task, isHeaderGone }: { task: TaskDetail; isHeaderGone: boolean }) {
  return (
    <div className={styles.bar} data-full={isHeaderGone || undefined}>
      <Tabs task={task} filesChanged={useFilesChanged(task)} />
      {isHeaderGone && <CollapsedHeader task={task} />}
    </div>
  )
}

/** The header in one line. Pressed, it leads back to the full one. */
function CollapsedHeader({ task }: { task: TaskDetail }) {
  const look = displayStatus(task)
  return (
    <button type="button" className={styles.now} title={strings.task.showHeader} onClick={goToTop}>
      <span className="status" data-is={look}>
        <StatusIcon look={look} />
        {strings.status[look]}
      </span>
      <b className="cut">
        <span className="dim">#{task.id}</span> {titleOf(task.description)}
      </b>
    </button>
  )
}

function goToTop(): void {
  scrollTo({ top: 0 })
  // The button is about to go.
  document.getElementById('main')?.focus({ preventScroll: true })
}
