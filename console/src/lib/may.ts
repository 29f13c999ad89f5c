/** What a person may do with a task, as far as the console knows it: who is a maintainer of the
 *  project, only maintainers are told. So acts that maintainers have are shown to developers, and the
 *  server decides. */
import type { Schemas } from '../api/client'

type Task = Pick<Schemas['TaskDetail'], 'status'>
type Me = Pick<Schemas['Profile'], 'role'> | undefined

const ENDED = ['completed', 'failed', 'cancelled']

export function mayOf(task: Task, me: Me) {
  const isEnded = ENDED.includes(task.status)
  // A lead sees all projects, and may cancel in all; the rest a lead may do as a member alone.
  return {
    cancel: me !== undefined && !isEnded,
    retry: me !== undefined && (task.status === 'failed' || task.status === 'cancelled'),
    followUp: me !== undefined,
  }
}
