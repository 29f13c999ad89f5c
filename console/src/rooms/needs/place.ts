import type { InboxItem } from '../../queries/inbox'

type Place =
  | { to: '/tasks/$taskId'; params: { taskId: string }; search: never }
  | { to: '/machines/$machineId'; params: { machineId: string } }

/** Where an item is read in full: what it is about first. */
export function placeOf({ kind, task, gate, machine }: InboxItem): Place {
  if (machine) return { to: '/machines/$machineId', params: { machineId: machine.id } }
  const isOfWork = kind === 'result' || (kind === 'gate' && gate?.diff?.href != null)
  return viewOf(task?.id ?? 0, isOfWork ? 'diff' : undefined)
}

export function viewOf(taskId: number, view: string | undefined): Place {
  return { to: '/tasks/$taskId', params: { taskId: String(taskId) }, search: { view } as never }
}
