/** What a task's status looks like: one of the nine shapes of the design. */
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

type StatusFields = Pick<Schemas['ListedTask'], 'status' | 'suspendReason'>

/** A person is asked, or it goes on by itself: two looks of `suspended`. */
export function displayStatus({ status, suspendReason }: StatusFields): DisplayStatus {
  if (status !== 'suspended') return status
  return suspendReason === 'quota' || suspendReason === 'machine_lost' ? 'waits' : 'needs'
}
