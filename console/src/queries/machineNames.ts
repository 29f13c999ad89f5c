import { useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

/** Machines' names by their ids; asked for only where somebody wants to know. */
export function useMachineNames(isWanted: boolean): ReadonlyMap<string, string> | undefined {
  return useQuery({
    queryKey: ['machines', 'names'],
    queryFn: async () => {
      const { items } = await data(
        api.GET('/api/web/machines', { params: { query: { limit: 200 } } }),
      )
      return new Map(items.map(({ id, name }) => [id, name]))
    },
    enabled: isWanted,
  }).data
}
