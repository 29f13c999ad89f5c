import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { type TaskListener, useTaskStream } from '../../live/taskStream'
import { addEvents, catchUpEvents, forgetEvents } from '../../queries/events'
import { taskChanged } from '../../queries/task'
import { addEntries, catchUpEntries, forgetEntries } from '../../queries/transcript'

/** Keep what is known of the task true for as long as its page is there. */
export function useLiveTask(taskId: number): void {
  const cache = useQueryClient()
  const listener = useMemo(
    (): TaskListener => ({
      events: (news) => {
        addEvents(cache, taskId, news)
        // The notes of machines change nothing.
        if (news.some(({ type }) => type !== 'log')) taskChanged(cache, taskId)
      },
      transcript: (news) => addEntries(cache, taskId, news),
      begins: ({ events, transcripts }) => {
        if (catchUpEvents(cache, taskId, events)) taskChanged(cache, taskId)
        catchUpEntries(cache, taskId, transcripts)
      },
    }),
    [cache, taskId],
  )
  useTaskStream(taskId, listener)
  useEffect(
    () => () => {
      forgetEvents(taskId)
      forgetEntries(taskId)
    },
    [taskId],
  )
}
