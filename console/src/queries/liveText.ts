/** What the agent is writing now, as far as the stream has sent it: shown until its entry arrives,
 *  and never fetched. */
import { type QueryClient, useQuery } from '@tanstack/react-query'
import type { Schemas } from '../api/client'
import { addPart, type LiveTexts, removeFinished, type TextPart } from '../lib/task/liveText'

const keyOf = (taskId: number, attempt: number) => ['liveText', taskId, attempt]
const NONE: LiveTexts = {}

export function useLiveText(taskId: number, attempt: number): LiveTexts {
  const queryKey = keyOf(taskId, attempt)
  return useQuery({ queryKey, queryFn: () => NONE, initialData: NONE, enabled: false }).data
}

/** What the command of a running entry has printed so far; undefined if it has printed nothing, or
 *  the agent doesn't send it. */
export function useLiveOutput(taskId: number, attempt: number, entry: number): string | undefined {
  const queryKey = keyOf(taskId, attempt)
  const select = (texts: LiveTexts) => texts.outputs?.[entry]?.text
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
