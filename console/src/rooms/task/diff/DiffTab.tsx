import type { Schemas } from '../../../api/client'

export default function DiffTab({ task }: { task: Schemas['TaskDetail'] }) {
  return <div className="page" data-task={task.id} />
}
