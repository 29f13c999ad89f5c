import { lazy, Suspense, useState } from 'react'
import { strings } from '../../i18n'
import { type TaskDetail, useFetchTask } from '../../queries/task'
import { showErrorToast } from '../../state/toasts'
import type { ItemAction } from './ItemActions'

const FollowUpDialog = lazy(() => import('../task/actions/FollowUpDialog'))

/** Returns the follow-up action of a task, and its dialog while open. */
export function useFollowUpAction(taskId: number): { act: ItemAction; dialog: React.ReactNode } {
  const [task, setTask] = useState<TaskDetail | null>(null)
  const read = useFetchTask()
  return {
    act: {
      name: strings.task.followUp,
      do: () => void read(taskId).then(setTask, showErrorToast),
    },
    dialog: task && (
      <Suspense>
        <FollowUpDialog task={task} onClose={() => setTask(null)} />
      </Suspense>
    ),
  }
}
