import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

const LIMIT_PER_KIND = 6

/** Searches for `q`; disabled if it is empty. */
export function useSearchResults(q: string) {
  return useQuery({
    queryKey: ['search', q],
    queryFn: ({ signal }) =>
      data(api.GET('/api/web/search', { params: { query: { q, limit: LIMIT_PER_KIND } }, signal })),
    enabled: q !== '',
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  }).data
}

/** The newest tasks, to choose from before you search. */
export function useNewestTasks(enabled: boolean) {
  return useQuery({
    queryKey: ['tasks', 'newest'],
    queryFn: async ({ signal }) => {
      const params = { query: { limit: 20 } }
      return (await data(api.GET('/api/web/tasks', { params, signal }))).items
    },
    enabled,
  }).data
}
