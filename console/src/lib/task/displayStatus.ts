/** A task's status for display: one of the design's nine shapes. */
import type { Schemas } from '../../api/client'

export type DisplayStatus =
  | 'queued'
  | 'assigned'
  | 'running'
  | 'needs'
  | 'waits'
  | 'completed'
  | 'failed'
  | 'cancelled'

/** `waitingFor` is required, so that no list shows another state than the task's page. */
type StatusFields = Pick<Schemas['TaskListItem'], 'status' | 'suspendReason' | 'waitingFor'> &
  Partial<Pick<Schemas['TaskListItem'], 'question'>> &
  Partial<Pick<Schemas['TaskDetail'], 'gate'>>

/** Whether the running agent asks something in its terminal before it works. */
export function isInTerminal({ waitingFor }: Pick<StatusFields, 'waitingFor'>): boolean {
  return waitingFor?.reason === 'terminal'
}

/** Splits `suspended` in two: it needs a person, or it continues by itself. With an open question, it
 *  needs a person in the queue, too, as its machine drains, and while its machine is lost. */
export function displayStatus(task: StatusFields): DisplayStatus {
  const { status, suspendReason } = task
  if (isInTerminal(task)) return 'needs'
  if (status !== 'queued' && status !== 'suspended') return status
  if (task.waitingFor?.reason === 'gate' || task.gate || task.question) return 'needs'
  if (status === 'queued') return status
  return suspendReason === 'quota' || suspendReason === 'machine_lost' ? 'waits' : 'needs'
}
