import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

/** How many are unread; the stream keeps it true. */
export const unread = queryOptions({
  queryKey: ['unread'],
  queryFn: async () => {
    const query = { unread: true, limit: 1 }
    return (await data(api.GET('/api/web/notifications', { params: { query } }))).unreadCount
  },
})

export const useUnreadCount = () => useQuery(unread).data ?? 0
