import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react'
import type { Schemas } from '../../../api/client'
import type { TerminalKind } from '../../../queries/terminal'
import { TerminalSession } from './terminalSession'
import type { Xterm } from './xterm'

/** Runs the task's terminal: attached while a stage runs, otherwise its last screen. */
export function useTerminalSession(
  task: Schemas['TaskDetail'],
  glass: Xterm | null,
  place: RefObject<HTMLElement | null>,
  kind: TerminalKind,
) {
  const [session, setSession] = useState<TerminalSession | null>(null)
  useEffect(() => {
    if (!glass) return
    const made = new TerminalSession(task.id, glass, kind)
    setSession(made)
    const stop = listenToBrowser(made)
    const sizes = new ResizeObserver(([entry]) => made.scheduleFit(entry?.contentRect))
    if (place.current?.parentElement) sizes.observe(place.current.parentElement)
    return () => {
      stop()
      sizes.disconnect()
      made.close()
    }
  }, [task.id, glass, place, kind])
  const terminal = useSyncExternalStore(
    session?.listen ?? subscribeToNothing,
    () => session?.getState() ?? null,
  )
  useEffect(() => session?.setRead(task.readsTerminal), [session, task.readsTerminal])
  const runs = task.hasTerminal
  const mayCome = `${task.status} ${task.attempt} ${task.currentStageIndex} ${task.updatedAt}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: a task that has changed may have a terminal now
  useEffect(() => {
    if (!session) return
    if (runs) session.attach()
    else if (task.attempt > 0 && kind === 'stage') void session.showFinalScreen(task.attempt)
  }, [session, runs, mayCome, kind])
  return { session, terminal }
}

function listenToBrowser(session: TerminalSession): () => void {
  const handleWake = () => document.visibilityState === 'visible' && session.handleWake()
  const handleOffline = () => session.handleOffline()
  addEventListener('online', handleWake)
  addEventListener('offline', handleOffline)
  document.addEventListener('visibilitychange', handleWake)
  return () => {
    removeEventListener('online', handleWake)
    removeEventListener('offline', handleOffline)
    document.removeEventListener('visibilitychange', handleWake)
  }
}

const subscribeToNothing = () => () => {}
