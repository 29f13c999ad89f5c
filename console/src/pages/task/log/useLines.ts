import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { type LogLine, type LogPage, logPage, logTotal, PAGE_LINES } from '../../../queries/logs'
import { subscribeToTask } from '../../../realtime/taskStream'

const REFRESH_MILLISECONDS = 400

/** Returns the number of lines in an attempt's log. Refetches it as the stream reports growth. */
export function useLineCount(taskId: number, attempt: number) {
  useLogUpdates(taskId, attempt)
  return useQuery(logTotal(taskId, attempt))
}

/** Returns a function that finds the lines in [first, end) by number, as far as they are loaded. */
export function useLines(taskId: number, attempt: number, first: number, end: number) {
  const pages = pagesOf(first, end)
  const found = useQueries({ queries: pages.map((page) => logPage(taskId, attempt, page)) })
  return (number: number): LogLine | undefined => {
    const page = Math.floor(number / PAGE_LINES)
    return found[pages.indexOf(page)]?.data?.lines[number - page * PAGE_LINES]
  }
}

function pagesOf(first: number, end: number): number[] {
  if (end <= first) return []
  const from = Math.floor(first / PAGE_LINES)
  const to = Math.floor((end - 1) / PAGE_LINES)
  return Array.from({ length: Math.min(8, to - from + 1) }, (_, n) => from + n)
}

/** Refetches the log's end when bytes arrive, at most a few times a second. */
function useLogUpdates(taskId: number, attempt: number): void {
  const cache = useQueryClient()
  const listener = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const refreshEnd = () => {
      timer = undefined
      void cache.invalidateQueries({
        queryKey: ['log', taskId, attempt],
        predicate: ({ queryKey, state }) => {
          const page = state.data as LogPage | undefined
          return queryKey[3] === 'total' || page?.isComplete === false
        },
      })
    }
    const scheduleRefresh = () => {
      timer ??= setTimeout(refreshEnd, REFRESH_MILLISECONDS)
    }
    return {
      log: (piece: { attempt: number }) => piece.attempt === attempt && scheduleRefresh(),
      begins: scheduleRefresh,
      stop: () => clearTimeout(timer),
    }
  }, [cache, taskId, attempt])
  useEffect(() => {
    const end = subscribeToTask(taskId, { log: listener.log, started: listener.begins })
    return () => {
      end()
      listener.stop()
    }
  }, [taskId, listener])
}
