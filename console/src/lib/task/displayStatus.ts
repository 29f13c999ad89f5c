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
  Partial<Pick<Schemas['TaskDetail'], 'waitingFor'>>

/** Whether the running agent asks something in its terminal before it works. */
export function isInTerminal({ waitingFor }: Pick<StatusFields, 'waitingFor'>): boolean {
  return waitingFor?.reason === 'terminal'
}

/** Splits `suspended` in two: it needs a person, or it continues by itself. A queued task may need a
 *  person, too: its machine drains, and its question is still open. */
export function displayStatus({ status, suspendReason, waitingFor }: StatusFields): DisplayStatus {
  if (status === 'queued' && waitingFor?.reason === 'gate') return 'needs'
  if (isInTerminal({ waitingFor })) return 'needs'
  if (status !== 'suspended') return status
  return suspendReason === 'quota' || suspendReason === 'machine_lost' ? 'waits' : 'needs'
}
