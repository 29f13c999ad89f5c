import { useStageDiffs } from '../../queries/diffs'
import type { TaskDetail } from '../../queries/task'
import { selectedView, useTaskSearch } from './search'

/** Whether the review beside the diff answers the open question: then nothing else does. */
export function useReviewAnswer(task: TaskDetail): boolean {
  const isReviewed =
    selectedView(useTaskSearch()) === 'diff' &&
    task.gate?.kind === 'confirm' &&
    task.allowedActions.includes('review')
  const { data: diffs } = useStageDiffs(task.id, isReviewed)
  return isReviewed && diffs !== undefined && diffs.length > 0
}
