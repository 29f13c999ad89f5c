/** A task's usage by attempt, stage, agent or model. */
import { useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type UsageGrouping = 'attempt' | 'stage' | 'agent' | 'model'

export function useTaskUsage(taskId: number, groupBy: UsageGrouping) {
  return useQuery({
    queryKey: ['task', taskId, 'usage', groupBy],
    queryFn: async () => {
      const query = { taskId, groupBy, limit: 200 }
      const page = await data(api.GET('/api/web/usage', { params: { query } }))
      // It would be CSV only with another `Accept` header.
      return (page as Schemas['UsageGroupPage']).items
    },
  })
}
