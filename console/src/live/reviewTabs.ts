/** What is one's own, and so no news of the server's, is told to the browser's other tabs. */
import type { QueryClient } from '@tanstack/react-query'

export type What = 'viewed' | 'threads'
type Told = { taskId: number; what: What }

const tabs = new BroadcastChannel('muster-reviews')

export function tellTabs(taskId: number, what: What): void {
  tabs.postMessage({ taskId, what } satisfies Told)
}

export function hearTabs(cache: QueryClient): () => void {
  const hear = ({ data }: MessageEvent<Told>) => {
    void cache.invalidateQueries({ queryKey: ['review', data.taskId, data.what] })
  }
  tabs.addEventListener('message', hear)
  return () => tabs.removeEventListener('message', hear)
}
