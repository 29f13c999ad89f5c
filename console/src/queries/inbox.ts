/** The user's inbox, and the actions on its items. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { showErrorToast } from '../state/toasts'
import { invalidateTask } from './task'

export type InboxItem = Schemas['InboxItem']
export type Inbox = Schemas['InboxPage']

const PAGE_LIMIT = 200

const inbox = queryOptions({
  queryKey: ['inbox', 'list'],
  queryFn: ({ signal }) =>
    data(api.GET('/api/web/inbox', { params: { query: { limit: PAGE_LIMIT } }, signal })),
})

const count = queryOptions({
  queryKey: ['inbox', 'count'],
  queryFn: async ({ signal }) => {
    const params = { query: { limit: 1 } }
    return (await data(api.GET('/api/web/inbox', { params, signal }))).total
  },
})

export const useInbox = () => useQuery(inbox)

/** Returns the number of items. If the list is displayed (`isListed`), uses its total instead of a
 *  second request. */
export function useInboxCount(isListed: boolean): number {
  const listed = useQuery({ ...inbox, enabled: isListed, select: ({ total }) => total })
  const counted = useQuery({ ...count, enabled: !isListed })
  return (isListed ? listed.data : counted.data) ?? 0
}

/** Dismisses a finished task, or restores it to the inbox. Optimistic: a dismissed item disappears
 *  immediately. */
export function useDismiss() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ item, dismissed }: { item: InboxItem; dismissed: boolean }) => {
      const params = { path: { taskId: item.task?.id ?? 0 } }
      return data(api.PUT('/api/web/tasks/{taskId}/dismiss', { params, body: { dismissed } }))
    },
    onMutate: async ({ item, dismissed }) => {
      if (!dismissed) return
      await cache.cancelQueries({ queryKey: inbox.queryKey })
      const before = cache.getQueryData(inbox.queryKey)
      cache.setQueryData(inbox.queryKey, (now) => now && removeItem(now, item))
      return before
    },
    onError: (error, _asked, before) => {
      // Fetching the list again may fail, too.
      if (before) cache.setQueryData(inbox.queryKey, before)
      showErrorToast(error)
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ['inbox'] }),
  })
}

function removeItem(page: Inbox, removed: InboxItem): Inbox {
  return {
    ...page,
    items: page.items.filter(({ id }) => id !== removed.id),
    counts: { ...page.counts, [removed.kind]: page.counts[removed.kind] - 1 },
    total: page.total - 1,
  }
}

/** Approves a task's result at exactly this commit. */
export function useApprove(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (commit: string | null) => {
      const body = { verdict: 'approve' as const, commit, body: '' }
      const params = { path: { taskId } }
      return data(api.POST('/api/web/tasks/{taskId}/reviews', { params, body }))
    },
    onError: showErrorToast,
    onSettled: () => invalidateTask(cache, taskId),
  })
}

export function useUndrain(machineId: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => {
      const params = { path: { machineId } }
      return data(api.POST('/api/web/machines/{machineId}/undrain', { params }))
    },
    onError: showErrorToast,
    onSettled: () => {
      for (const list of ['inbox', 'machines']) {
        void cache.invalidateQueries({ queryKey: [list] })
      }
    },
  })
}
