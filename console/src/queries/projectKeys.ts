import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

const LIMIT = 200

/** The keys of the projects that one sees, to choose among: the newest 200. */
const projectKeys = queryOptions({
  queryKey: ['projects', 'keys'],
  queryFn: async () => {
    const params = { query: { limit: LIMIT } }
    const { items } = await data(api.GET('/api/web/projects', { params }))
    return items.map(({ key }) => key).sort()
  },
})

export const useProjectKeys = () => useQuery(projectKeys).data
