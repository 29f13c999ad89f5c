/** Broadcasts the user's own review changes, which the server doesn't stream, to the browser's
 *  other tabs. */
import type { QueryClient } from '@tanstack/react-query'

export type ReviewPart = 'viewed' | 'threads'
type ReviewMessage = { taskId: number; what: ReviewPart }

const tabs = new BroadcastChannel('muster-reviews')

export function broadcastReviewChange(taskId: number, what: ReviewPart): void {
  tabs.postMessage({ taskId, what } satisfies ReviewMessage)
}

export function onReviewChange(cache: QueryClient): () => void {
  const handleMessage = ({ data }: MessageEvent<ReviewMessage>) => {
    void cache.invalidateQueries({ queryKey: ['review', data.taskId, data.what] })
  }
  tabs.addEventListener('message', handleMessage)
  return () => tabs.removeEventListener('message', handleMessage)
}
