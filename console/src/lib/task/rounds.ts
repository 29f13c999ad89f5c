/** A task's earlier rounds, from its events: what each ran, and how it ended. Pure. */
import { spansOf, type TimelineEvent } from './timeline'

export type EarlierRound = {
  round: number
  /** Those that ran in it, with the time that they worked, in milliseconds. */
  stages: { name: string; worked: number }[]
  /** `replaced`: the next round started before it ended. */
  end: 'completed' | 'failed' | 'cancelled' | 'replaced'
}

const STARTS = ['retried', 'followed_up']
const ENDS = ['completed', 'failed', 'cancelled'] as const

/** Returns them, newest first. A follow-up that waits for its turn isn't a round yet. */
export function earlierRounds(
  pipeline: readonly { name: string }[],
  events: readonly TimelineEvent[],
  round: number,
): EarlierRound[] {
  const parts = splitRounds(events).slice(0, -1)
  return parts
    .map(
      (part, place): EarlierRound => ({
        round: round - parts.length + place,
        stages: spansOf(part, pipeline.length, null).flatMap(({ runs, worked }, stage) =>
          runs > 0 ? [{ name: pipeline[stage]?.name ?? '', worked }] : [],
        ),
        end: ENDS.find((end) => part.some(({ type }) => type === end)) ?? 'replaced',
      }),
    )
    .toReversed()
}

/** Splits events where a round starts. */
function splitRounds(events: readonly TimelineEvent[]): TimelineEvent[][] {
  const rounds: TimelineEvent[][] = [[]]
  for (const event of events) {
    if (STARTS.includes(event.type)) rounds.push([])
    // The start itself resets what came before it.
    else rounds.at(-1)?.push(event)
  }
  return rounds
}
