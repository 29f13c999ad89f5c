import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

/** The server's health. Available without a login. */
const health = queryOptions({
  queryKey: ['health'],
  queryFn: () => data(api.GET('/healthz')),
})

export const useVersion = () => useQuery(health).data?.version
