import { type Notification, useMarkAllRead, useMarkRead } from '../../queries/notifications'
import { say, sayUndoable } from '../../ui/toasts'
import { words } from '../../words'

/** The server takes back no more at once. */
const MOST_UNDONE = 200

/** Mark one as read, with a way back, or without a word. */
export function useRead(id: number) {
  const mark = useMarkRead()
  const ids = [id]
  const readQuietly = () => mark.mutate({ ids, isRead: true })
  const read = () => {
    readQuietly()
    sayUndoable(words.notifications.isRead, () => mark.mutate({ ids, isRead: false }))
  }
  return { read, readQuietly }
}

/** Mark all as read; with a way back where all that were unread are among the items (`isWhole`). */
export function useReadAll(
  items: readonly Notification[],
  isWhole: boolean,
  count: number,
): () => void {
  const markAll = useMarkAllRead()
  const mark = useMarkRead()
  return () => {
    const ids = items.filter(({ readAt }) => readAt === null).map(({ id }) => id)
    const line = words.notifications.allRead(isWhole ? ids.length : count)
    markAll.mutate()
    if (isWhole && ids.length <= MOST_UNDONE) {
      sayUndoable(line, () => mark.mutate({ ids, isRead: false }))
    } else say(line)
  }
}
