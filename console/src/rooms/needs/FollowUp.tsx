import { lazy, Suspense, useState } from 'react'
import { type TaskDetail, useReadTask } from '../../queries/task'
import { sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import type { Act } from './Doing'

const FollowUpDialog = lazy(() => import('../task/acts/FollowUpDialog'))

/** What is to be done next on a task: the act, and its form while it is open. */
export function useFollowUpOn(taskId: number): { act: Act; dialog: React.ReactNode } {
  const [task, setTask] = useState<TaskDetail | null>(null)
  const read = useReadTask()
  return {
    act: {
      name: words.task.followUp,
      do: () => void read(taskId).then(setTask, sayBroken),
    },
    dialog: task && (
      <Suspense>
        <FollowUpDialog task={task} onClose={() => setTask(null)} />
      </Suspense>
    ),
  }
}
