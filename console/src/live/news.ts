/** What the stream of news brings (section 9 of the contract), as the console knows it. */
import type { Schemas } from '../api/client'
import type { MachineNews } from '../lib/fleet'

type TaskNews = Schemas['Event'] & { taskId: number; projectKey: string }

export type News = {
  events: TaskNews[]
  notifications: Schemas['Notification'][]
  /** Null where it has not changed. */
  unreadCount: number | null
  /** What has changed of machines; null where their list has to be read anew. */
  machines: MachineNews[] | null
  /** What needs one may be other than before. */
  inboxChanged: boolean
}
