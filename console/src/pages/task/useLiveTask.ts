import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { addEvents, catchUpEvents, forgetEvents } from '../../queries/events'
import { task } from '../../queries/task'
import { addEntries, catchUpEntries, forgetEntries } from '../../queries/transcript'
import { type TaskListener, useTaskStream } from '../../realtime/taskStream'

/** Agents' usage is reported so often. */
const USAGE_MILLISECONDS = 5000

/** Keep what is known of the task true for as long as its page is there. */
export function useLiveTask(taskId: number): void {
  const cache = useQueryClient()
  const listener = useMemo((): TaskListener => {
    const { queryKey } = task(taskId)
    // Lists are told by the stream of news.
    const changed = () => void cache.invalidateQueries({ queryKey })
    // What is used is told with no event of its own.
    const usedMore = throttle(
      USAGE_MILLISECONDS,
      () => void cache.invalidateQueries({ queryKey, exact: true }),
    )
    return {
      events: (news) => {
        addEvents(cache, taskId, news)
        // The notes of machines change nothing.
        if (news.some(({ type }) => type !== 'log')) changed()
      },
      transcript: (news) => {
        addEntries(cache, taskId, news)
        usedMore()
      },
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

/** `act`, at once and then at most once in so long, the last time included. */
function throttle(milliseconds: number, act: () => void): () => void {
  let waits = false
  let isAsked = false
  return function go() {
    if (waits) {
      isAsked = true
      return
    }
    act()
    waits = true
    setTimeout(() => {
      waits = false
      if (isAsked) {
        isAsked = false
        go()
      }
    }, milliseconds)
  }
}
