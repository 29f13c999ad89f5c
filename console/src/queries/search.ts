import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

const EACH = 6

/** What the words `q` find; nothing is asked for without one. */
export function useFound(q: string) {
  return useQuery({
    queryKey: ['search', q],
    queryFn: ({ signal }) =>
      data(api.GET('/api/web/search', { params: { query: { q, limit: EACH } }, signal })),
    enabled: q !== '',
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  }).data
}
