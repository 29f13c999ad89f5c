import { strings } from '../i18n'

type Notified = { type: string; title: string; taskId: number | null }

/** The title in the user's language; the server's if that has none. */
export function notificationTitle({ type, title, taskId }: Notified): string {
  return (taskId !== null && strings.notifications.titles[type]?.(taskId)) || title
}
