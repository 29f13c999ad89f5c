import { QueryClient } from '@tanstack/react-query'
import { isTransient } from '../api/problem'

/** What was read is true until the stream says otherwise; what could not be read is tried again. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (failures, error) => isTransient(error) && failures < 3,
    },
    // An act without a network fails at once: one that waits in silence would surprise later.
    mutations: { retry: false, networkMode: 'always' },
  },
})
