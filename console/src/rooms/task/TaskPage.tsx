import { useParams } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { titleOf } from '../../lib/title'
import { useTask } from '../../queries/task'
import { Broken } from '../../ui/Broken'
import { Ghost } from '../../ui/Ghost'
import { useTitle } from '../../ui/Page'
import { words } from '../../words'
import { GatePlace } from '../gate/GatePlace'
import { MissingPage } from '../missing/MissingPage'
import { TaskHead } from './TaskHead'
import { useLiveTask } from './useLiveTask'
import { Views } from './Views'

export default function TaskPage() {
  const { taskId } = useParams({ strict: false })
  const id = Number(taskId)
  return Number.isInteger(id) && id > 0 ? <OneTask key={id} id={id} /> : <MissingPage />
}

function OneTask({ id }: { id: number }) {
  const { data: task, error, refetch } = useTask(id)
  useTitle(task ? `#${id} ${titleOf(task.description)}` : `#${id}`)
  if (error && !task) {
    return asProblem(error).status === 404 ? (
      <MissingPage />
    ) : (
      <main className="page" id="main" tabIndex={-1}>
        <h1 className="hidden">{words.common.tasks}</h1>
        <Broken error={error} again={() => void refetch()} />
      </main>
    )
  }
  if (!task) {
    return (
      <main className="page" id="main" tabIndex={-1}>
        <h1 className="hidden">#{id}</h1>
        <Ghost />
      </main>
    )
  }
  return <LiveTask task={task} />
}

function LiveTask({ task }: { task: NonNullable<ReturnType<typeof useTask>['data']> }) {
  useLiveTask(task.id)
  return (
    <main id="main" tabIndex={-1}>
      <TaskHead task={task} />
      <GatePlace task={task} />
      <Views task={task} />
    </main>
  )
}
