import type { Schemas } from '../../api/client'
import { type May, mayOf } from '../../lib/may'
import { useProject } from '../../queries/choices'
import { useMe } from '../../queries/me'

/** What who looks may do with the task. */
export function useMay(
  task: Pick<Schemas['TaskDetail'], 'status' | 'createdBy' | 'projectKey'>,
): May {
  return mayOf(task, useMe(), useProject(task.projectKey)?.myRole)
}
