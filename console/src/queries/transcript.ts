/** An attempt's whole transcript; the task's stream appends new entries. */
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

/** Fetches the entries again if fewer than `counts` (by attempt) are cached. */
export function catchUpEntries(
  cache: QueryClient,
  taskId: number,
  counts: Record<string, number>,
): void {
  for (const [attempt, count] of Object.entries(counts)) {
    const { queryKey } = transcript(taskId, Number(attempt))
    const known = cache.getQueryData(queryKey)
    if (known && known.length < count) void cache.invalidateQueries({ queryKey })
  }
}

export function forgetEntries(taskId: number): void {
  buffer.clear(`${taskId}/`)
}

function mergeEntries(known: readonly Entry[], news: readonly Entry[]): Entry[] {
  return mergeBy(known, news, ({ number }) => number)
}
