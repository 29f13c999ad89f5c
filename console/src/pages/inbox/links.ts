import type { InboxItem } from '../../queries/inbox'

type ItemLink =
  | { to: '/tasks/$taskId'; params: { taskId: string }; search: never }
  | { to: '/machines/$machineId'; params: { machineId: string } }

/** Returns the link to an item's details. For results and gates with a diff, that is the diff. */
export function itemLink({ kind, task, gate, machine }: InboxItem): ItemLink {
  if (machine) return { to: '/machines/$machineId', params: { machineId: machine.id } }
  if (kind === 'terminal') return taskViewLink(task?.id ?? 0, kind)
  const isOfWork = kind === 'result' || (kind === 'gate' && gate?.diff?.href != null)
  return taskViewLink(task?.id ?? 0, isOfWork ? 'diff' : undefined)
}

export function taskViewLink(taskId: number, view: string | undefined): ItemLink {
  return { to: '/tasks/$taskId', params: { taskId: String(taskId) }, search: { view } as never }
}
