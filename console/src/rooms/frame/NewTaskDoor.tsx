import { lazy } from 'react'
import { useNewTask } from './useNewTask'

const NewTask = lazy(() => import('../tasks/NewTask'))

export function NewTaskDoor() {
  const { isOpen, begun, close } = useNewTask()
  return isOpen ? <NewTask begun={begun} onClose={close} /> : null
}
