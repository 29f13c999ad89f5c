import { late } from '../../ui/late'
import { useNewTask } from './useNewTask'

const NewTask = late(() => import('../tasks/NewTask'))

export function NewTaskDoor() {
  const { isOpen, begun, close } = useNewTask()
  return isOpen ? <NewTask begun={begun} onClose={close} /> : null
}
