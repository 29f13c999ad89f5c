/** Which of a task's changes the page shows, from its URL. Pure. */
import type { Schemas } from '../../api/client'

/** Empty: from the base to the latest commit. */
export type DiffQuery = { round?: number; attempt?: number; stage?: number }
export type StageDiff = { round: number; attempt: number; stage: number; commit: string }

type Event = Pick<Schemas['Event'], 'type' | 'attempt' | 'stageIndex' | 'data'>

export function parseDiffQuery(search: Record<string, unknown>): DiffQuery {
  const found: DiffQuery = {}
  for (const name of ['round', 'attempt', 'stage'] as const) {
    const value = search[name]
    if (typeof value === 'string' && /^\d{1,6}$/.test(value)) found[name] = Number(value)
  }
  return found
}

/** Returns the diffs that machines reported at the end of stages, oldest first. If a stage ended
 *  several times in an attempt, the last one counts. */
export function stageDiffs(events: Event[]): StageDiff[] {
  const found = new Map<string, StageDiff>()
  let round = 1
  for (const event of events) {
    if (event.type === 'retried' || event.type === 'followed_up') {
      round = typeof event.data.round === 'number' ? event.data.round : round + 1
    }
    const { diff, commit } = event.data as { diff?: unknown; commit?: unknown }
    if (event.type !== 'checkpoint' || event.stageIndex === null || !diff) continue
    const { attempt, stageIndex: stage } = event
    const key = `${attempt} ${stage}`
    found.delete(key)
    found.set(key, { round, attempt, stage, commit: String(commit) })
  }
  return [...found.values()]
}

/** Returns the rounds that have changes, oldest first. */
export function roundsOf(stageDiffs: StageDiff[]): number[] {
  return [...new Set(stageDiffs.map((one) => one.round))].sort((a, b) => a - b)
}

/** Returns a round's stages that have changes, each from its last attempt. */
export function stagesOf(stageDiffs: StageDiff[], round: number): StageDiff[] {
  const found = new Map<number, StageDiff>()
  for (const one of stageDiffs) if (one.round === round) found.set(one.stage, one)
  return [...found.values()].sort((a, b) => a.stage - b.stage)
}

/** What is compared: a round's end with the base or the previous round, or one stage with the stage
 *  before it. */
export type Comparison = { round: number; since: 'base' | 'round' | 'stage'; stage: number | null }

export function comparisonFor(which: DiffQuery, stageDiffs: StageDiff[]): Comparison {
  const latest = stageDiffs.at(-1)?.round ?? 1
  const ofAttempt = stageDiffs.find((one) => one.attempt === which.attempt)?.round
  const round = which.round ?? ofAttempt ?? latest
  if (which.stage !== undefined) return { round, since: 'stage', stage: which.stage }
  return { round, since: which.round !== undefined && round > 1 ? 'round' : 'base', stage: null }
}

/** Returns the URL parameters. None for the latest changes since the base, so that the URL keeps
 *  showing the latest. */
export function diffQueryFor(
  { round, since, stage }: Comparison,
  stageDiffs: StageDiff[],
): DiffQuery {
  if (since === 'stage') return stage === null ? { round } : { round, stage }
  if (since === 'round') return { round }
  const last = stageDiffs.findLast((one) => one.round === round)
  return !last || last === stageDiffs.at(-1) ? {} : { attempt: last.attempt }
}
