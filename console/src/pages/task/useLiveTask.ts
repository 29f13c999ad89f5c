import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { throttle } from '../../lib/net/throttle'
import { addEvents, catchUpEvents, forgetEvents } from '../../queries/events'
import { addTextPart, dropFinishedTexts } from '../../queries/liveText'
import { task } from '../../queries/task'
import { addEntries, catchUpEntries, forgetEntries } from '../../queries/transcript'
import { type TaskListener, useTaskStream } from '../../realtime/taskStream'

/** Minimum time between refetches for agents' usage. */
const USAGE_MILLISECONDS = 5000

/** Keeps the task's cached data current while its page is open. */
export function useLiveTask(taskId: number): void {
  const cache = useQueryClient()
  const listener = useMemo((): TaskListener => {
    const { queryKey } = task(taskId)
    // The developer's stream updates the lists.
    const changed = () => void cache.invalidateQueries({ queryKey })
    // Usage changes without an event of its own.
    const usedMore = throttle(
      USAGE_MILLISECONDS,
      () => void cache.invalidateQueries({ queryKey, exact: true }),
    )
    return {
      events: (news) => {
        addEvents(cache, taskId, news)
        // Log events change nothing else.
        if (news.some(({ type }) => type !== 'log')) changed()
      },
      transcript: (news) => {
        addEntries(cache, taskId, news)
        dropFinishedTexts(cache, taskId, news)
        usedMore()
      },
      text: (part) => addTextPart(cache, taskId, part),
      started: ({ events, transcripts }) => {
        if (catchUpEvents(cache, taskId, events)) changed()
        catchUpEntries(cache, taskId, transcripts)
      },
    }
  }, [cache, taskId])
  useTaskStream(taskId, listener)
  useEffect(
    () => () => {
      forgetEvents(taskId)
      forgetEntries(taskId)
    },
    [taskId],
  )
}
