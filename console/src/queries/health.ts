import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

/** Of the server. Known also before one is signed in. */
const health = queryOptions({
  queryKey: ['health'],
  queryFn: () => data(api.GET('/healthz')),
})

export const useVersion = () => useQuery(health).data?.version
