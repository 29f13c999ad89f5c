/** What the stream of news brings (section 9 of the contract), as the console knows it. */
import type { Schemas } from '../api/client'

export type TaskNews = Schemas['Event'] & { taskId: number; projectKey: string }

export type News = {
  events: TaskNews[]
  notifications: Schemas['Notification'][]
  /** Null where it has not changed. */
  unreadCount: number | null
}
