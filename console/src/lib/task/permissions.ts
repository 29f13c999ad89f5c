/** What a person may do with a task (section 1 of the contract). */
import type { Schemas } from '../../api/client'

type Task = Pick<Schemas['TaskDetail'], 'status' | 'createdBy'>
type Me = Pick<Schemas['Profile'], 'id' | 'role'>
/** As what the person is a member of the task's project; null: of none. */
type MyRole = Schemas['Project']['myRole']

export type TaskPermissions = {
  answer: boolean
  followUp: boolean
  cancel: boolean
  retry: boolean
  tunnel: boolean
}

/** Nothing while it is not known who asks, or of which project. */
export function taskPermissions(
  task: Task,
  me: Me | undefined,
  myRole: MyRole | undefined,
): TaskPermissions {
  const isAdmin = me?.role === 'admin'
  const isMember = myRole === 'member' || myRole === 'maintainer'
  const isCreator = isMember && task.createdBy.id === me?.id
  const controls = isAdmin || isCreator || myRole === 'maintainer'
  const isEnded = ['completed', 'failed', 'cancelled'].includes(task.status)
  return {
    answer: isAdmin || isMember,
    followUp: isAdmin || isMember,
    cancel: !isEnded && (controls || me?.role === 'lead'),
    retry: (task.status === 'failed' || task.status === 'cancelled') && controls,
    tunnel: controls,
  }
}
