import { useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Schemas } from '../../api/client'
import { type TaskListener, useTaskStream } from '../../live/taskStream'
import { events, merged } from '../../queries/events'
import { taskChanged } from '../../queries/task'

/** Keep what is known of the task true for as long as its page is there. */
export function useLiveTask(taskId: number): void {
  const cache = useQueryClient()
  const listener = useMemo((): TaskListener => {
    const { queryKey } = events(taskId)
    return {
      events: (news) => {
        cache.setQueryData(queryKey, (known: Schemas['Event'][] | undefined) =>
          known ? merged(known, news) : known,
        )
        // The notes of machines change nothing.
        if (news.some(({ type }) => type !== 'log')) taskChanged(cache, taskId)
      },
      begins: ({ events: count }, isReset) => {
        const known = cache.getQueryData<Schemas['Event'][]>(queryKey)
        if (isReset || (known && known.length < count)) {
          void cache.invalidateQueries({ queryKey })
          taskChanged(cache, taskId)
        }
      },
    }
  }, [cache, taskId])
  useTaskStream(taskId, listener)
}
