import { lazyComponent } from '../../components/lazyComponent'
import { useNewTask } from './useNewTask'

const NewTaskDialog = lazyComponent(() => import('../tasks/newTask/NewTaskDialog'))

export function NewTaskOutlet() {
  const { isOpen, initialDescription, close } = useNewTask()
  return isOpen ? <NewTaskDialog begun={initialDescription} onClose={close} /> : null
}
