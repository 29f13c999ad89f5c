import { useSyncExternalStore } from 'react'

/** Returns the current time in milliseconds, updated at this pace. All components with the same
 *  pace share a timer. */
export function useNow(pace: 'seconds' | 'halfMinutes' = 'halfMinutes'): number {
  const clock = clocks[pace]
  return useSyncExternalStore(clock.listen, clock.now)
}

function createClock(milliseconds: number) {
  const listeners = new Set<() => void>()
  let now = Date.now()
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    now = Date.now()
    for (const listener of listeners) listener()
  }
  return {
    now: () => now,
    listen: (listener: () => void) => {
      if (listeners.size === 0) {
        now = Date.now()
        timer = setInterval(tick, milliseconds)
      }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) clearInterval(timer)
      }
    },
  }
}

const clocks = { seconds: createClock(1000), halfMinutes: createClock(30_000) }
