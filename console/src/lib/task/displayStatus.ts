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

type StatusFields = Pick<Schemas['ListedTask'], 'status' | 'suspendReason'> &
  Partial<Pick<Schemas['TaskDetail'], 'waitingFor' | 'gate'>> &
  Partial<Pick<Schemas['TaskListItem'], 'question'>>

/** Splits `suspended` in two: it needs a person, or it continues by itself. With an open question, it
 *  needs a person in the queue, too, as its machine drains, and while its machine is lost. */
export function displayStatus(task: StatusFields): DisplayStatus {
  const { status, suspendReason } = task
  if (status !== 'queued' && status !== 'suspended') return status
  if (task.waitingFor?.reason === 'gate' || task.gate || task.question) return 'needs'
  if (status === 'queued') return status
  return suspendReason === 'quota' || suspendReason === 'machine_lost' ? 'waits' : 'needs'
}
