import { useEffect, useState } from 'react'
import { asProblem } from '../../../api/problem'
import { LogSearch } from '../../../lib/log/search'
import { logBytes } from '../../../queries/logs'

export type SearchResult = {
  lines: number[]
  count: number
  /** How much of the log has been searched, 0 to 1. */
  share: number
  isBroken: boolean
}

const STEP_BYTES = 4 << 20
const CHUNK_BYTES = 256 * 1024
const DEBOUNCE_MILLISECONDS = 250
const NO_RESULT: SearchResult = { lines: [], count: 0, share: 0, isBroken: false }

/** Finds the lines that contain the text. Reads the log from its beginning, in steps, until the
 *  text changes. */
export function useLogSearch(taskId: number, attempt: number, sought: string, hasLines: boolean) {
  const [found, setFound] = useState<SearchResult>(NO_RESULT)
  useEffect(() => {
    setFound(NO_RESULT)
    if (sought === '' || !hasLines) return
    const stop = new AbortController()
    const timer = setTimeout(
      () => void searchLog(taskId, attempt, sought, stop.signal, setFound),
      DEBOUNCE_MILLISECONDS,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [taskId, attempt, sought, hasLines])
  return found
}

async function searchLog(
  taskId: number,
  attempt: number,
  sought: string,
  signal: AbortSignal,
  tell: (found: SearchResult) => void,
): Promise<void> {
  const search = new LogSearch(sought)
  const publish = (share: number, isBroken = false) => {
    if (!signal.aborted) tell({ lines: [...search.lines], count: search.count, share, isBroken })
  }
  try {
    for (let from = 0, size = 1; from < size && !signal.aborted; ) {
      const step = await logBytes(taskId, attempt, from, from + STEP_BYTES, signal)
      for (let at = 0; at < step.bytes.length && !signal.aborted; at += CHUNK_BYTES) {
        search.add(step.bytes.subarray(at, at + CHUNK_BYTES))
        await yieldToBrowser()
      }
      from += step.bytes.length
      size = step.size
      publish(from / size)
    }
    search.end()
    publish(1)
  } catch (error) {
    if (asProblem(error).status !== 416 && !signal.aborted) publish(0, true)
  }
}

/** Yields to the event loop so that the browser can render and handle input. */
function yieldToBrowser(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
