import { lazy } from 'react'
import { useNewTask } from './useNewTask'

const NewTask = lazy(() => import('../tasks/NewTask'))

export function NewTaskDoor() {
  const { isOpen, close } = useNewTask()
  return isOpen ? <NewTask onClose={close} /> : null
}
