/** Applies stream updates to the cache: invalidates changed queries, which are refetched if
 *  displayed; lists at most once a second. Query keys start as here: lists with `['tasks']`, one
 *  task with `['task', id]`. */
import type { QueryClient } from '@tanstack/react-query'
import { onStreamUpdate } from '../realtime/stream'
import type { StreamUpdate } from '../realtime/updates'
import { applyActivities } from './activities'
import { applyMachineUpdates } from './machines'

const BATCH_MILLISECONDS = 1000

export function applyStreamUpdates(cache: QueryClient): () => void {
  const waiting = new Map<string, unknown[]>()

  const invalidatePending = () => {
    const keys = [...waiting.values()]
    waiting.clear()
    for (const queryKey of keys) void cache.invalidateQueries({ queryKey })
  }
  const scheduleInvalidation = (...key: unknown[]) => {
    if (waiting.size === 0) setTimeout(invalidatePending, BATCH_MILLISECONDS)
    waiting.set(JSON.stringify(key), key)
  }

  const applyUpdate = (update: StreamUpdate) => {
    for (const { taskId } of update.events) {
      void cache.invalidateQueries({ queryKey: ['task', taskId] })
    }
    if (update.events.length > 0)
      for (const list of ['tasks', 'dashboard']) scheduleInvalidation(list)
    if (update.inboxChanged) scheduleInvalidation('inbox')
    // Read notifications aren't sent, only how many are left.
    if (update.notifications.length > 0 || update.unreadCount !== null)
      scheduleInvalidation('notifications')
    applyMachineUpdates(cache, update.machines)
    applyActivities(cache, update.activities)
    if (update.unreadCount !== null) cache.setQueryData(['unread'], update.unreadCount)
  }
  return onStreamUpdate(applyUpdate, () => void cache.invalidateQueries())
}
