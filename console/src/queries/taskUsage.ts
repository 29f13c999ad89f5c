/** What one task has used, by its attempts, its stages, its agents or their models. */
import { useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type UsageGrouping = 'attempt' | 'stage' | 'agent' | 'model'

export function useTaskUsage(taskId: number, groupBy: UsageGrouping) {
  return useQuery({
    queryKey: ['task', taskId, 'usage', groupBy],
    queryFn: async () => {
      const query = { taskId, groupBy, limit: 200 }
      const page = await data(api.GET('/api/web/usage', { params: { query } }))
      // With another `Accept` it would be a table as text.
      return (page as Schemas['UsageGroupPage']).items
    },
  })
}
