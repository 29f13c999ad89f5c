import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { CopyButton } from '../../components/controls/CopyButton'
import { Status } from '../../components/status/Status'
import { strings } from '../../i18n'
import { displayStatus } from '../../lib/task/displayStatus'
import { bodyOf, titleOf } from '../../lib/task/title'
import { Description } from './Description'
import { StageTimeline } from './StageTimeline'
import { TaskActions } from './TaskActions'
import styles from './TaskHeader.module.css'
import { useFilesChanged } from './useDiffStats'
import { useStatusText } from './useStatusText'
import { Tabs } from './Views'
import { StatusSentence } from './waits/StatusSentence'

type Task = Schemas['TaskDetail']

/** The header of all views of a task: project, title, status and its reason, and the stages. */
export function TaskHeader({ task }: { task: Task }) {
  const rest = bodyOf(task.description)
  return (
    <header className={styles.head}>
      <Breadcrumbs task={task} />
      <div className={styles.title}>
        <h1>{titleOf(task.description)}</h1>
        <TaskActions task={task} />
      </div>
      <TaskStatus task={task} />
      {rest && <Description key={task.id} text={rest} />}
      <StageTimeline task={task} />
      <Tabs task={task} filesChanged={useFilesChanged(task)} />
    </header>
  )
}

function Breadcrumbs({ task }: { task: Task }) {
  return (
    <nav aria-label={strings.task.crumbs} className={styles.crumbs}>
      <Link className="tall" to="/tasks">
        {strings.common.tasks}
      </Link>
      <span aria-hidden="true">/</span>
      <Link className="tall" to="/projects/$projectKey" params={{ projectKey: task.projectKey }}>
        {task.projectKey}
      </Link>
      <span aria-hidden="true">/</span>
      <span>#{task.id}</span>
      <CopyButton text={location.origin + location.pathname} what={strings.task.link} />
    </nav>
  )
}

/** The status and its reason. A polite live region: screen readers announce a changed status. */
function TaskStatus({ task }: { task: Task }) {
  const { summary, detail } = useStatusText(task)
  const look = displayStatus(task)
  return (
    <div className={styles.state}>
      <span role="status">
        <Status look={look} />
      </span>
      <StatusSentence task={task} text={summary} />
      {detail && <span className="dim">{detail}</span>}
    </div>
  )
}
