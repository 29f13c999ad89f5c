import type { Schemas } from '../../api/client'
import { useEvents } from '../../queries/events'
import { useGate } from '../../queries/gates'

type Diff = { filesChanged: number; insertions: number; deletions: number }

/** How much the task has changed so far, by the last that was said of it; null: not known. */
export function useChanged(task: Schemas['TaskDetail']): Diff | null {
  const atGate = useGate(task).data?.diff
  const events = useEvents(task.id).data ?? []
  if (task.result) return task.result
  if (atGate) return atGate
  for (const { type, data } of [...events].reverse()) {
    if (type === 'checkpoint' && isDiff(data.diff)) return data.diff
  }
  return null
}

export function useFilesChanged(task: Schemas['TaskDetail']): number | null {
  return useChanged(task)?.filesChanged ?? null
}

function isDiff(value: unknown): value is Diff {
  return typeof value === 'object' && value !== null && 'filesChanged' in value
}
