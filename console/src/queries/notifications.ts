/** The user's notifications, and which are read. */
import {
  type InfiniteData,
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { showErrorToast } from '../state/toasts'
import { cursorList } from './pagination'

export type Notification = Schemas['Notification']
type Pages = InfiniteData<{ items: Notification[]; nextCursor: string | null }>

/** The number of unread notifications; the stream updates it. */
export const unread = queryOptions({
  queryKey: ['unread'],
  queryFn: async () => {
    const query = { unread: true, limit: 1 }
    return (await data(api.GET('/api/web/notifications', { params: { query } }))).unreadCount
  },
})

export const useUnreadCount = () => useQuery(unread).data ?? 0

/** Fetches all or only unread notifications, newest first, page by page. */
export function useNotifications(isUnread: boolean) {
  return useInfiniteQuery(
    cursorList(['notifications', isUnread ? 'unread' : 'all'], (cursor) => {
      const query = { unread: isUnread, ...(cursor ? { cursor } : {}) }
      return data(api.GET('/api/web/notifications', { params: { query } }))
    }),
  )
}

/** Marks notifications as read or unread. Optimistic; fetched again afterwards. */
export function useMarkRead() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: async ({ ids, isRead }: { ids: number[]; isRead: boolean }) => {
      if (!isRead) await data(api.POST('/api/web/notifications/unread', { body: { ids } }))
      for (const notificationId of isRead ? ids : []) {
        const params = { path: { notificationId } }
        await data(api.POST('/api/web/notifications/{notificationId}/read', { params }))
      }
    },
    onMutate: ({ ids, isRead }) => markOptimistically(cache, (one) => ids.includes(one.id), isRead),
    onError: (error, _asked, takeBack) => rollBack(error, takeBack),
    onSettled: () => invalidate(cache),
  })
}

export function useMarkAllRead() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => data(api.POST('/api/web/notifications/read-all')),
    onMutate: () => markOptimistically(cache, () => true, true),
    onError: (error, _asked, takeBack) => rollBack(error, takeBack),
    onSettled: () => invalidate(cache),
  })
}

/** Updates the cache optimistically. Returns the function that rolls it back. */
async function markOptimistically(
  cache: QueryClient,
  isMeant: (one: Notification) => boolean,
  isRead: boolean,
) {
  await cache.cancelQueries({ queryKey: ['notifications'] })
  const lists = cache.getQueriesData<Pages>({ queryKey: ['notifications', 'all'] })
  const count = cache.getQueryData<number>(unread.queryKey)
  const readAt = isRead ? new Date().toISOString() : null
  let changed = 0
  cache.setQueriesData<Pages>({ queryKey: ['notifications', 'all'] }, (known) => {
    if (!known) return known
    const withReadAt = (one: Notification) => {
      if (!isMeant(one) || (one.readAt !== null) === isRead) return one
      changed += 1
      return { ...one, readAt }
    }
    return { ...known, pages: known.pages.map((p) => ({ ...p, items: p.items.map(withReadAt) })) }
  })
  cache.setQueryData<number>(unread.queryKey, (known) =>
    known === undefined ? known : Math.max(0, known + (isRead ? -changed : changed)),
  )
  return () => {
    for (const [key, pages] of lists) cache.setQueryData(key, pages)
    cache.setQueryData(unread.queryKey, count)
  }
}

/** Rolls back before fetching again, which may fail, too. */
function rollBack(error: Error, takeBack: (() => void) | undefined): void {
  takeBack?.()
  showErrorToast(error)
}

function invalidate(cache: QueryClient): void {
  void cache.invalidateQueries({ queryKey: ['notifications'] })
  void cache.invalidateQueries({ queryKey: unread.queryKey })
}
