/** Refetches the diff and the review when events of the task may have changed them. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { onReviewChange } from '../../../realtime/reviewChannel'
import { onStreamUpdate } from '../../../realtime/stream'

// The diff is reported after its checkpoint, and before the outcome of the stage.
const DIFF_EVENTS = new Set<string>([
  'checkpoint',
  'stage_finished',
  'suspended',
  'published',
  'completed',
  'retried',
  'followed_up',
])
const REVIEW_EVENTS = new Set<string>([
  'reviewed',
  'commented',
  'resolved',
  'reopened',
  'checkpoint',
])

export function useReviewUpdates(taskId: number): void {
  const cache = useQueryClient()
  useEffect(() => {
    const stopTabs = onReviewChange(cache)
    const stopNews = onStreamUpdate(
      ({ events }) => {
        const types = events.filter((one) => one.taskId === taskId).map((one) => one.type)
        if (types.some((type) => DIFF_EVENTS.has(type))) {
          void cache.invalidateQueries({ queryKey: ['diff', taskId, 'stages'] })
          void cache.invalidateQueries({ queryKey: ['diff', taskId, 'files'] })
        }
        if (types.some((type) => REVIEW_EVENTS.has(type) || DIFF_EVENTS.has(type))) {
          void cache.invalidateQueries({ queryKey: ['review', taskId] })
        }
      },
      () => {},
    )
    return () => {
      stopNews()
      stopTabs()
    }
  }, [cache, taskId])
}
