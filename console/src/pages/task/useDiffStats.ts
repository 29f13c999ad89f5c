import type { Schemas } from '../../api/client'
import { useEvents } from '../../queries/events'

type DiffStats = { filesChanged: number; insertions: number; deletions: number }

/** Returns how much the task has changed, by the latest report; null if unknown. */
export function useDiffStats(task: Schemas['TaskDetail']): DiffStats | null {
  const atGate = task.gate?.diff
  const events = useEvents(task.id).data ?? []
  if (task.result) return task.result
  if (atGate) return atGate
  for (const { type, data } of [...events].reverse()) {
    if (type === 'checkpoint' && isDiff(data.diff)) return data.diff
  }
  return null
}

export function useFilesChanged(task: Schemas['TaskDetail']): number | null {
  return useDiffStats(task)?.filesChanged ?? null
}

function isDiff(value: unknown): value is DiffStats {
  return typeof value === 'object' && value !== null && 'filesChanged' in value
}
