/** An attempt's whole transcript; the task's stream appends new entries and replaces changed ones. */
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { mergeBy, StreamBuffer } from './streamBuffer'

type Entry = Schemas['TranscriptEntry']
const PAGE = 200
const buffer = new StreamBuffer<Entry>()

export const transcript = (taskId: number, attempt: number) =>
  queryOptions({
    queryKey: ['transcript', taskId, attempt],
    queryFn: async () => {
      const all: Entry[] = []
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const query = { attempt, limit: PAGE, ...(cursor && { cursor }) }
        const path = '/api/web/tasks/{taskId}/transcript'
        const page = await data(api.GET(path, { params: { path: { taskId }, query } }))
        all.push(...page.items)
        cursor = page.nextCursor
      }
      return mergeEntries(all, buffer.get(`${taskId}/${attempt}`))
    },
    // There is no transcript before the first attempt.
    enabled: attempt > 0,
  })

export const useTranscript = (taskId: number, attempt: number) =>
  useQuery(transcript(taskId, attempt))

export function addEntries(cache: QueryClient, taskId: number, news: Entry[]): void {
  for (const attempt of new Set(news.map((entry) => entry.attempt))) {
    const own = news.filter((entry) => entry.attempt === attempt)
    buffer.add(`${taskId}/${attempt}`, own)
    const { queryKey } = transcript(taskId, attempt)
    cache.setQueryData(queryKey, (known) => known && mergeEntries(known, own))
  }
}

/** Fetches the entries again if fewer than `counts` (by attempt) are cached, or if some of them may
 *  have changed. */
export function catchUpEntries(
  cache: QueryClient,
  taskId: number,
  counts: Record<string, number>,
): void {
  for (const [attempt, count] of Object.entries(counts)) {
    const { queryKey } = transcript(taskId, Number(attempt))
    const known = cache.getQueryData(queryKey)
    const isOld = known?.some(({ state }) => state === 'running' || state === 'stopped')
    if (known && (known.length < count || isOld)) void cache.invalidateQueries({ queryKey })
  }
}

export function forgetEntries(taskId: number): void {
  buffer.clear(`${taskId}/`)
}

function mergeEntries(known: readonly Entry[], news: readonly Entry[]): Entry[] {
  return mergeBy(replaceChanged(known, news), news, ({ number }) => number)
}

/** Returns the known entries with their latest states. A buffered entry may be older than a fetched
 *  one: what has ended doesn't run again. */
function replaceChanged(known: readonly Entry[], news: readonly Entry[]): readonly Entry[] {
  const latest = new Map(news.map((entry) => [entry.number, entry]))
  if (!known.some(({ number }) => latest.has(number))) return known
  return known.map((entry) => {
    const changed = latest.get(entry.number)
    return changed && changed.state !== 'running' ? changed : entryThatRuns(entry, changed)
  })
}

function entryThatRuns(known: Entry, changed: Entry | undefined): Entry {
  return changed && known.state === 'running' ? changed : known
}
