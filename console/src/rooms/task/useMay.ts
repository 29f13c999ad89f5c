import type { Schemas } from '../../api/client'
import { type May, mayOf } from '../../lib/may'
import { useMe } from '../../queries/me'
import { useProject } from '../../queries/projects'

/** What who looks may do with the task. */
export function useMay(
  task: Pick<Schemas['TaskDetail'], 'status' | 'createdBy' | 'projectKey'>,
): May {
  return mayOf(task, useMe(), useProject(task.projectKey).data?.myRole)
}
