import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react'
import type { Schemas } from '../../../api/client'
import type { Glass } from './glass'
import { Session } from './session'

/** The task's terminal while the page is there: attached while a stage runs, else its last screen. */
export function useSession(
  task: Schemas['TaskDetail'],
  glass: Glass | null,
  place: RefObject<HTMLElement | null>,
) {
  const [session, setSession] = useState<Session | null>(null)
  useEffect(() => {
    if (!glass) return
    const made = new Session(task.id, glass)
    setSession(made)
    const stop = listenToBrowser(made)
    const sizes = new ResizeObserver(([entry]) => made.fitSoon(entry?.contentRect))
    if (place.current?.parentElement) sizes.observe(place.current.parentElement)
    return () => {
      stop()
      sizes.disconnect()
      made.close()
    }
  }, [task.id, glass, place])
  const shown = useSyncExternalStore(
    session?.listen ?? listenToNothing,
    () => session?.now() ?? null,
  )
  const runs = task.hasTerminal
  const mayCome = `${task.status} ${task.attempt} ${task.currentStageIndex} ${task.updatedAt}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: a task that has moved may have a terminal now
  useEffect(() => {
    if (!session) return
    if (runs) session.attach()
    else if (task.attempt > 0) void session.showLast(task.attempt)
  }, [session, runs, mayCome])
  return { session, shown }
}

function listenToBrowser(session: Session): () => void {
  const woken = () => document.visibilityState === 'visible' && session.woken()
  const cut = () => session.cut()
  addEventListener('online', woken)
  addEventListener('offline', cut)
  document.addEventListener('visibilitychange', woken)
  return () => {
    removeEventListener('online', woken)
    removeEventListener('offline', cut)
    document.removeEventListener('visibilitychange', woken)
  }
}

const listenToNothing = () => () => {}
