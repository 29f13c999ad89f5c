import { strings } from '../../i18n'
import { type Notification, useMarkAllRead, useMarkRead } from '../../queries/notifications'
import { showToast, showUndoToast } from '../../state/toasts'

/** The most notifications that the server marks as unread at once. */
const MAX_UNDOABLE = 200

/** Returns two ways to mark a notification as read: with an undo toast, or silently. */
export function useReadAction(id: number) {
  const mark = useMarkRead()
  const ids = [id]
  const readQuietly = () => mark.mutate({ ids, isRead: true })
  const read = () => {
    readQuietly()
    showUndoToast(strings.notifications.isRead, () => mark.mutate({ ids, isRead: false }))
  }
  return { read, readQuietly }
}

/** Returns a function that marks all as read. Offers undo only if the items include all unread ones
 *  (`isWhole`). */
export function useReadAllAction(
  items: readonly Notification[],
  isWhole: boolean,
  count: number,
): () => void {
  const markAll = useMarkAllRead()
  const mark = useMarkRead()
  return () => {
    const ids = items.filter(({ readAt }) => readAt === null).map(({ id }) => id)
    const line = strings.notifications.allRead(isWhole ? ids.length : count)
    markAll.mutate()
    if (isWhole && ids.length <= MAX_UNDOABLE) {
      showUndoToast(line, () => mark.mutate({ ids, isRead: false }))
    } else showToast(line)
  }
}
