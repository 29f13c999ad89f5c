import { useParams } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { TaskGate } from '../../components/gate/TaskGate'
import { useScrolledPast } from '../../components/hooks/useScrolledPast'
import { useTitle } from '../../components/page/Page'
import { strings } from '../../i18n'
import { titleOf } from '../../lib/task/title'
import { useTask } from '../../queries/task'
import { NotFoundPage } from '../errors/NotFoundPage'
import { TaskBar } from './TaskBar'
import { TaskHeader } from './TaskHeader'
import styles from './TaskPage.module.css'
import { useLiveTask } from './useLiveTask'
import { useReviewAnswer } from './useReviewAnswer'
import { Views } from './Views'

export default function TaskPage() {
  const { taskId } = useParams({ strict: false })
  const id = Number(taskId)
  return Number.isInteger(id) && id > 0 ? <TaskView key={id} id={id} /> : <NotFoundPage />
}

function TaskView({ id }: { id: number }) {
  const { data: task, error, refetch } = useTask(id)
  useTitle(task ? `#${id} ${titleOf(task.description)}` : `#${id}`)
  if (error && !task) {
    return asProblem(error).status === 404 ? (
      <NotFoundPage />
    ) : (
      <main className="page" id="main" tabIndex={-1}>
        <h1 className="hidden">{strings.common.tasks}</h1>
        <ErrorMessage error={error} again={() => void refetch()} />
      </main>
    )
  }
  if (!task) {
    return (
      <main className="page" id="main" tabIndex={-1}>
        <h1 className="hidden">#{id}</h1>
        <Skeleton />
      </main>
    )
  }
  return <LiveTask task={task} />
}

function LiveTask({ task }: { task: NonNullable<ReturnType<typeof useTask>['data']> }) {
  useLiveTask(task.id)
  const [header, hiddenHeight] = useScrolledPast<HTMLElement>()
  const isReading = hiddenHeight !== null
  const isAnsweredBeside = useReviewAnswer(task)
  const asks = task.gate && task.allowedActions.includes('answer') && !isAnsweredBeside
  return (
    <main id="main" tabIndex={-1} className={styles.page} data-asks={asks || undefined}>
      <TaskHeader task={task} ref={header} />
      <TaskBar task={task} isHeaderGone={isReading} />
      <TaskGate task={task} isAnsweredBeside={isAnsweredBeside} />
      <Views task={task} isReading={isReading} />
    </main>
  )
}
