import type { Schemas } from '../../../api/client'

export default function TranscriptTab({ task }: { task: Schemas['TaskDetail'] }) {
  return <div className="page" data-task={task.id} />
}
