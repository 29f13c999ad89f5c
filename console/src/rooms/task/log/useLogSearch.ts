import { useEffect, useState } from 'react'
import { asProblem } from '../../../api/problem'
import { LogSearch } from '../../../lib/logSearch'
import { logBytes } from '../../../queries/logs'

export type Found = {
  lines: number[]
  count: number
  /** How much of the log has been looked through, 0 to 1. */
  share: number
  isBroken: boolean
}

const STEP_BYTES = 4 << 20
const PIECE_BYTES = 256 * 1024
const PAUSE_MILLISECONDS = 250
const NOTHING: Found = { lines: [], count: 0, share: 0, isBroken: false }

/** The lines that have the words. The log is read from its beginning, in steps, as long as they are
 *  the ones that are sought. */
export function useLogSearch(taskId: number, attempt: number, sought: string, hasLines: boolean) {
  const [found, setFound] = useState<Found>(NOTHING)
  useEffect(() => {
    setFound(NOTHING)
    if (sought === '' || !hasLines) return
    const stop = new AbortController()
    const timer = setTimeout(
      () => void look(taskId, attempt, sought, stop.signal, setFound),
      PAUSE_MILLISECONDS,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [taskId, attempt, sought, hasLines])
  return found
}

async function look(
  taskId: number,
  attempt: number,
  sought: string,
  signal: AbortSignal,
  tell: (found: Found) => void,
): Promise<void> {
  const search = new LogSearch(sought)
  const say = (share: number, isBroken = false) => {
    if (!signal.aborted) tell({ lines: [...search.lines], count: search.count, share, isBroken })
  }
  try {
    for (let from = 0, size = 1; from < size && !signal.aborted; ) {
      const step = await logBytes(taskId, attempt, from, from + STEP_BYTES, signal)
      for (let at = 0; at < step.bytes.length && !signal.aborted; at += PIECE_BYTES) {
        search.add(step.bytes.subarray(at, at + PIECE_BYTES))
        await aMoment()
      }
      from += step.bytes.length
      size = step.size
      say(from / size)
    }
    search.end()
    say(1)
  } catch (error) {
    if (asProblem(error).status !== 416 && !signal.aborted) say(0, true)
  }
}

/** Lets the browser draw and hear. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
