/** News to the cache: what has changed is read anew where somebody looks at it, at most once a
 *  second for lists. Keys of queries begin as here: lists `['tasks']`, one `['task', id]`. */
import type { QueryClient } from '@tanstack/react-query'
import { applyMachines } from '../queries/machines'
import type { News } from './news'
import { onNews } from './stream'

const LISTS_MILLISECONDS = 1000

export function applyNews(cache: QueryClient): () => void {
  const waiting = new Map<string, unknown[]>()

  const readAnew = () => {
    const keys = [...waiting.values()]
    waiting.clear()
    for (const queryKey of keys) void cache.invalidateQueries({ queryKey })
  }
  const soon = (...key: unknown[]) => {
    if (waiting.size === 0) setTimeout(readAnew, LISTS_MILLISECONDS)
    waiting.set(JSON.stringify(key), key)
  }

  const news = (news: News) => {
    for (const { taskId } of news.events) {
      void cache.invalidateQueries({ queryKey: ['task', taskId] })
    }
    if (news.events.length > 0) for (const list of ['tasks', 'dashboard']) soon(list)
    if (news.inboxChanged) soon('inbox')
    if (news.notifications.length > 0) soon('notifications')
    applyMachines(cache, news.machines)
    if (news.unreadCount !== null) cache.setQueryData(['unread'], news.unreadCount)
  }
  return onNews(news, () => void cache.invalidateQueries())
}
