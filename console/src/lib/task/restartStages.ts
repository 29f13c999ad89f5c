/** The stages from which a task can be retried: the first, and those whose predecessor left a
 *  checkpoint. Based on events; the server decides. */
import type { Schemas } from '../../api/client'

type Event = Pick<Schemas['Event'], 'type' | 'stageIndex'>

export function restartableStages(stageCount: number, events: readonly Event[]): number[] {
  const left = new Set(
    events.flatMap(({ type, stageIndex }) => (type === 'checkpoint' ? [stageIndex] : [])),
  )
  return Array.from({ length: stageCount }, (_, stage) => stage).filter(
    (stage) => stage === 0 || left.has(stage - 1),
  )
}

/** Returns the stage that failed if a retry can start there, otherwise the first. */
export function defaultRestartStage(
  beginnings: readonly number[],
  failedAt: number | null | undefined,
): number {
  return failedAt != null && beginnings.includes(failedAt) ? failedAt : 0
}
