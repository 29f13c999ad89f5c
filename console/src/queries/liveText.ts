/** What the agent is writing now, as far as the stream has sent it: shown until its entry arrives,
 *  and never fetched. */
import { type QueryClient, useQuery } from '@tanstack/react-query'
import type { Schemas } from '../api/client'
import { addPart, type LiveTexts, removeFinished, type TextPart } from '../lib/task/liveText'

type Entry = Pick<Schemas['TranscriptEntry'], 'attempt' | 'number'>

const keyOf = (taskId: number, attempt: number) => ['liveText', taskId, attempt]
const NONE: LiveTexts = {}

export function useLiveText(taskId: number, attempt: number): LiveTexts {
  return useLiveTexts(taskId, attempt, (texts) => texts)
}

/** What the command of a running entry has printed so far; undefined if it has printed nothing, or
 *  the agent doesn't send it. */
export function useLiveOutput(taskId: number, { attempt, number }: Entry): string | undefined {
  return useLiveTexts(taskId, attempt, ({ outputs }) => outputs?.[number]?.text)
}

/** How many processors the processes use while the entry runs; undefined if unknown. */
export function useLiveCpu(taskId: number, { attempt, number }: Entry): number | undefined {
  return useLiveTexts(taskId, attempt, ({ cpu }) => (cpu?.entry === number ? cpu.count : undefined))
}

function useLiveTexts<T>(taskId: number, attempt: number, select: (texts: LiveTexts) => T): T {
  const queryKey = keyOf(taskId, attempt)
  return useQuery({ queryKey, queryFn: () => NONE, initialData: NONE, enabled: false, select }).data
}

export function addTextPart(cache: QueryClient, taskId: number, part: TextPart): void {
  cache.setQueryData<LiveTexts>(keyOf(taskId, part.attempt), (known) =>
    addPart(known ?? NONE, part),
  )
}

/** Drops the texts that are complete, because their entries have arrived. */
export function dropFinishedTexts(
  cache: QueryClient,
  taskId: number,
  entries: readonly Schemas['TranscriptEntry'][],
): void {
  for (const attempt of new Set(entries.map((entry) => entry.attempt))) {
    const own = entries.filter((entry) => entry.attempt === attempt)
    cache.setQueryData<LiveTexts>(keyOf(taskId, attempt), (known) =>
      known ? removeFinished(known, own) : known,
    )
  }
}
