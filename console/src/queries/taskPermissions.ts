import type { Schemas } from '../api/client'
import { type TaskPermissions, taskPermissions } from '../lib/task/permissions'
import { useMe } from './me'
import { useProject } from './projects'

/** What who looks may do with the task. */
export function useTaskPermissions(
  task: Pick<Schemas['TaskDetail'], 'status' | 'createdBy' | 'projectKey'>,
): TaskPermissions {
  return taskPermissions(task, useMe(), useProject(task.projectKey).data?.myRole)
}
