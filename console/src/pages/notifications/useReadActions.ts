import { strings } from '../../i18n'
import { type Notification, useMarkAllRead, useMarkRead } from '../../queries/notifications'
import { showToast, showUndoToast } from '../../state/toasts'

/** The server takes back no more at once. */
const MAX_UNDOABLE = 200

/** Mark one as read, with a way back, or without a word. */
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

/** Mark all as read; with a way back where all that were unread are among the items (`isWhole`). */
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
