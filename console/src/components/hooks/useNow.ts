/** The page's clock: one timer, which ticks once a second while something shows a time. */
import { useSyncExternalStore } from 'react'

const TICK_MILLISECONDS = 1000
const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

/** Returns what `read` makes of the current time, in milliseconds. The component renders again only
 *  when that changes. */
export function useTicking<T extends string | number | boolean>(read: (now: number) => T): T {
  return useSyncExternalStore(listen, () => read(now))
}

/** Returns the current time in milliseconds, and renders the component again every second. */
export function useNow(): number {
  return useTicking((moment) => moment)
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now()
    timer = setInterval(tick, TICK_MILLISECONDS)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

function tick(): void {
  now = Date.now()
  for (const listener of listeners) listener()
}
