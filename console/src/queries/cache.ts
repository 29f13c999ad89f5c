import { QueryClient } from '@tanstack/react-query'
import { isTransient } from '../api/problem'

/** Query cache. Data stays fresh until the stream invalidates it; queries that failed transiently
 *  are retried. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (failures, error) => isTransient(error) && failures < 3,
    },
    // A mutation without a network fails immediately: one that silently waits would surprise the
    // user later.
    mutations: { retry: false, networkMode: 'always' },
  },
})
