import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, authorizedFetch, data } from '../api/client'
import { parseProblem } from '../api/problem'
import { cursorList, fetchAllPages } from './pagination'

export type UsageGroupBy = 'project' | 'task' | 'stage' | 'developer' | 'agent' | 'model' | 'day'
export type UsageFilter = {
  groupBy: UsageGroupBy
  from?: string
  to?: string
  project?: string
}

const LIMIT = 200

const usage = (filter: UsageFilter) =>
  cursorList(['usage', filter], async (cursor) => {
    const query = { ...filter, limit: LIMIT, cursor }
    const page = await data(api.GET('/api/web/usage', { params: { query } }))
    if (typeof page === 'string') throw new Error('a table came, which nobody has asked for')
    return page
  })

/** Fetches every day, or the newest ones if there are very many. */
export const useUsageByDay = (filter: UsageFilter) =>
  useQuery({
    queryKey: ['usage', 'chart', filter],
    queryFn: () =>
      fetchAllPages(async (cursor) => {
        const query = { ...filter, limit: LIMIT, cursor }
        const page = await data(api.GET('/api/web/usage', { params: { query } }))
        if (typeof page === 'string') throw new Error('a table came, which nobody has asked for')
        return page
      }),
  })

export const useUsage = (filter: UsageFilter) => useInfiniteQuery(usage(filter))

/** Fetches the same as CSV. */
export async function fetchUsageCsv(filter: UsageFilter): Promise<Blob> {
  const url = new URL('/api/web/usage', location.origin)
  for (const [name, value] of Object.entries(filter)) if (value) url.searchParams.set(name, value)
  const answer = await authorizedFetch(new Request(url, { headers: { Accept: 'text/csv' } }))
  if (!answer.ok) throw parseProblem(answer, await answer.json().catch(() => null))
  return await answer.blob()
}
