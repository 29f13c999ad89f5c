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

type StatusFields = Pick<Schemas['ListedTask'], 'status' | 'suspendReason'>

/** Splits `suspended` in two: it needs a person, or it continues by itself. */
export function displayStatus({ status, suspendReason }: StatusFields): DisplayStatus {
  if (status !== 'suspended') return status
  return suspendReason === 'quota' || suspendReason === 'machine_lost' ? 'waits' : 'needs'
}
