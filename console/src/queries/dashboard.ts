/** The running tasks, and today's numbers. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

const PAGE_LIMIT = 6

/** `assigned` tasks count, too: they hold a slot. */
const running = queryOptions({
  queryKey: ['tasks', 'running'],
  queryFn: async ({ signal }) => {
    const params = { query: { status: 'assigned,running', limit: PAGE_LIMIT } }
    return (await data(api.GET('/api/web/tasks', { params, signal }))).items
  },
})

const stats = queryOptions({
  queryKey: ['dashboard', 'stats'],
  queryFn: ({ signal }) => data(api.GET('/api/web/dashboard/stats', { signal })),
})

export const useRunningTasks = () => useQuery(running)
export const useStats = () => useQuery(stats).data
