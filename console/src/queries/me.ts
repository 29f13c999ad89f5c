import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

export const me = queryOptions({
  queryKey: ['me'],
  queryFn: () => data(api.GET('/api/web/profile')),
})

export const useMe = () => useQuery(me).data
