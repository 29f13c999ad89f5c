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
type StatusFields = Pick<Schemas['TaskListItem'], 'status' | 'suspendReason' | 'waitingFor'>

/** Splits `suspended` in two: it needs a person, or it continues by itself. A queued task may need a
 *  person, too: its machine drains, and its question is still open. */
export function displayStatus({ status, suspendReason, waitingFor }: StatusFields): DisplayStatus {
  if (status === 'queued' && waitingFor?.reason === 'gate') return 'needs'
  if (status !== 'suspended') return status
  return suspendReason === 'quota' || suspendReason === 'machine_lost' ? 'waits' : 'needs'
}
