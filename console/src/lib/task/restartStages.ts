/** From which stages a task can be begun again: the first, and those whose predecessor has left work
 *  behind. By its events; the server has the last word. */
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

/** The stage that failed, where it can be begun from; else the first. */
export function defaultRestartStage(
  beginnings: readonly number[],
  failedAt: number | null | undefined,
): number {
  return failedAt != null && beginnings.includes(failedAt) ? failedAt : 0
}
