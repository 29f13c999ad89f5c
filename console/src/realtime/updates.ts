/** The messages of the update stream (section 9 of the contract), as the console uses them. */
import type { Schemas } from '../api/client'
import type { MachineUpdate } from '../lib/machine/machines'

type TaskUpdate = Schemas['Event'] & { taskId: number; projectKey: string }

export type StreamUpdate = {
  events: TaskUpdate[]
  notifications: Schemas['Notification'][]
  /** Null if unchanged. */
  unreadCount: number | null
  /** The changed machines; null if the list must be fetched again. */
  machines: MachineUpdate[] | null
  /** The user's inbox may have changed. */
  inboxChanged: boolean
  /** Tasks whose agents do something else now. */
  activities: { taskId: number; activity: Schemas['AgentActivity'] | null }[]
}
