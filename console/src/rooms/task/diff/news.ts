/** Of a task's news, what has a diff, or what is said about it, read anew. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { hearTabs } from '../../../live/reviewTabs'
import { onNews } from '../../../live/stream'

// The change itself is told behind its checkpoint, and before whatever comes of the stage.
const ofChange = new Set<string>([
  'checkpoint',
  'stage_finished',
  'suspended',
  'published',
  'completed',
  'retried',
  'followed_up',
])
const ofReview = new Set<string>(['reviewed', 'commented', 'resolved', 'reopened', 'checkpoint'])

export function useReviewNews(taskId: number): void {
  const cache = useQueryClient()
  useEffect(() => {
    const stopTabs = hearTabs(cache)
    const stopNews = onNews(
      ({ events }) => {
        const types = events.filter((one) => one.taskId === taskId).map((one) => one.type)
        if (types.some((type) => ofChange.has(type))) {
          void cache.invalidateQueries({ queryKey: ['diff', taskId, 'told'] })
          void cache.invalidateQueries({ queryKey: ['diff', taskId, 'files'] })
        }
        if (types.some((type) => ofReview.has(type) || ofChange.has(type))) {
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
