/** The task table: fetched page by page and updated by the stream. Tasks that it names are fetched
 *  by ID, in batches. */
import {
  type InfiniteData,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { api, data } from '../api/client'
import { type Filters, formatFilters, toApiQuery } from '../lib/task/filters'
import { mergeRows, type Pages, type Row, toRow } from '../lib/task/tableRows'
import { onStreamUpdate } from '../realtime/stream'

const PAGE = 100
const LATER_PAGE = 200
const MAX_IDS = 200
const BATCH_MILLISECONDS = 500

type Page = { rows: Row[]; next: string | null }

async function fetchPage(filters: Filters, cursor: string | undefined, signal: AbortSignal) {
  const limit = cursor === undefined ? PAGE : LATER_PAGE
  const query = { ...toApiQuery(filters), limit, ...(cursor !== undefined && { cursor }) }
  const answer = await data(api.GET('/api/web/tasks', { params: { query }, signal }))
  return { rows: answer.items.map(toRow), next: answer.nextCursor }
}

async function fetchRows(filters: Filters, ids: number[]): Promise<Row[]> {
  const query = { ...toApiQuery(filters), ids: ids.join(','), limit: MAX_IDS }
  const answer = await data(api.GET('/api/web/tasks', { params: { query } }))
  return answer.items.map(toRow)
}

export function useTaskTable(filters: Filters) {
  const name = formatFilters(filters)
  const table = useInfiniteQuery({
    queryKey: ['taskTable', name],
    queryFn: ({ pageParam, signal }) => fetchPage(filters, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: Page) => next ?? undefined,
    placeholderData: keepPreviousData,
    // Comparing a hundred thousand rows takes longer than rendering the thirty visible ones.
    structuralSharing: false,
  })
  useLiveRows(name, filters)
  const rows = useMemo(() => table.data?.pages.flatMap((one) => one.rows) ?? [], [table.data])
  return { ...table, rows }
}

/** Fetches the rows again that stream updates mention, whoever changed them. */
function useLiveRows(name: string, filters: Filters): void {
  const cache = useQueryClient()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name serializes the filters
  useEffect(() => {
    const waiting = new Set<number>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = async () => {
      timer = undefined
      const ids = [...waiting].slice(0, MAX_IDS)
      for (const id of ids) waiting.delete(id)
      const found = await fetchRows(filters, ids).catch(() => null)
      if (found) mergeIntoCache(cache, ['taskTable', name], new Set(ids), found)
      if (waiting.size > 0) scheduleRefresh()
    }
    const scheduleRefresh = () => {
      timer ??= setTimeout(refresh, BATCH_MILLISECONDS)
    }
    const stop = onStreamUpdate(
      ({ events }) => {
        for (const { taskId } of events) waiting.add(taskId)
        if (waiting.size > 0) scheduleRefresh()
      },
      () => void resetToFirstPage(cache, ['taskTable', name]),
    )
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [name, cache])
}

function mergeIntoCache(cache: QueryClient, key: string[], ids: Set<number>, found: Row[]): void {
  cache.setQueryData<Pages>(key, (before) => before && mergeRows(before, ids, found, Date.now()))
}

/** Starts over after too many missed updates: refetches only the first page instead of all loaded
 *  ones. */
async function resetToFirstPage(cache: QueryClient, queryKey: string[]): Promise<void> {
  await cache.cancelQueries({ queryKey })
  cache.setQueryData<InfiniteData<Page>>(
    queryKey,
    (before) =>
      before && { pages: before.pages.slice(0, 1), pageParams: before.pageParams.slice(0, 1) },
  )
  await cache.invalidateQueries({ queryKey })
}

/** Runs `act` for each task, four at a time; returns the errors of those that failed. */
async function runForEach(ids: number[], act: (id: number) => Promise<unknown>) {
  const refused: unknown[] = []
  const waiting = [...ids]
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await act(id).catch((error: unknown) => refused.push(error))
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  return refused
}

const pathParams = (taskId: number) => ({ params: { path: { taskId } } })

export const cancelAll = (ids: number[]) =>
  runForEach(ids, (id) => data(api.POST('/api/web/tasks/{taskId}/cancel', pathParams(id))))

export const retryAll = (ids: number[]) =>
  runForEach(ids, (id) =>
    data(api.POST('/api/web/tasks/{taskId}/retry', { ...pathParams(id), body: {} })),
  )
