/** What the stream of news brings (section 9 of the contract), as the console knows it. */
import type { Schemas } from '../api/client'
import type { MachineUpdate } from '../lib/machine/machines'

type TaskUpdate = Schemas['Event'] & { taskId: number; projectKey: string }

export type StreamUpdate = {
  events: TaskUpdate[]
  notifications: Schemas['Notification'][]
  /** Null where it has not changed. */
  unreadCount: number | null
  /** What has changed of machines; null where their list has to be read anew. */
  machines: MachineUpdate[] | null
  /** What needs one may be other than before. */
  inboxChanged: boolean
}
