import { Link } from '@tanstack/react-router'
import { type ComponentType, type KeyboardEvent, lazy, Suspense, useEffect, useRef } from 'react'
import type { Schemas } from '../../api/client'
import { Skeleton } from '../../components/feedback/Skeleton'
import { strings } from '../../i18n'
import { selectedView, useTaskSearch, VIEWS, type View } from './search'
import styles from './Views.module.css'

type Task = Schemas['TaskDetail']

/** The views. Each is loaded when you first open it. */
const views: Record<View, ComponentType<{ task: Task }>> = {
  transcript: lazy(() => import('./transcript/TranscriptTab')),
  terminal: lazy(() => import('./terminal/TerminalTab')),
  shell: lazy(() => import('./terminal/ShellTab')),
  log: lazy(() => import('./log/LogTab')),
  diff: lazy(() => import('./diff/DiffTab')),
  recording: lazy(() => import('./recording/RecordingTab')),
  events: lazy(() => import('./events/EventsTab')),
  usage: lazy(() => import('./usage/UsageTab')),
  workspace: lazy(() => import('./workspace/WorkspaceTab')),
}

/** Views that fill the window below the collapsed header, so that their last lines are in sight. */
const FILLING_VIEWS: readonly View[] = ['terminal', 'shell', 'log', 'recording']

export function Views({ task, isReading }: { task: Task; isReading: boolean }) {
  const view = selectedView(useTaskSearch())
  const fills = FILLING_VIEWS.includes(view)
  const panel = useScrollToView(view, fills)
  const Page = views[view]
  return (
    <div
      ref={panel}
      role="tabpanel"
      id="view"
      aria-labelledby={`tab-${view}`}
      className={styles.panel}
      data-fills={fills || isReading || undefined}
    >
      <Suspense
        fallback={
          <div className="page">
            <Skeleton />
          </div>
        }
      >
        <Page key={view} task={task} />
      </Suspense>
    </div>
  )
}

/** Scrolls to the start of another view, if the one before was being read or this one fills the
 *  window. */
function useScrollToView(view: View, fills: boolean) {
  const panel = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each view
  useEffect(() => {
    // The router resets the scroll position first.
    const frame = requestAnimationFrame(() => {
      const selected = panel.current
      if (!selected) return
      const start = Number.parseFloat(getComputedStyle(selected).scrollMarginTop)
      if (fills || selected.getBoundingClientRect().top < start) selected.scrollIntoView()
    })
    return () => cancelAnimationFrame(frame)
  }, [view])
  return panel
}

/** The tabs of the views. Arrow keys move between them, as is usual for tabs. */
export function Tabs({ task, filesChanged }: { task: Task; filesChanged: number | null }) {
  const selected = selectedView(useTaskSearch())
  return (
    <div role="tablist" aria-label={strings.task.views} className="tabs" onKeyDown={moveFocus}>
      {VIEWS.filter((view) => view === selected || isOffered(view, task)).map((view) => (
        <Link
          key={view}
          role="tab"
          id={`tab-${view}`}
          aria-selected={view === selected}
          aria-controls={view === selected ? 'view' : undefined}
          tabIndex={view === selected ? 0 : -1}
          to="/tasks/$taskId"
          params={{ taskId: String(task.id) }}
          search={{ view: view === 'transcript' ? undefined : view } as never}
          resetScroll={false}
          // All tabs link to this page, so only `aria-selected` tells which one is shown.
          activeProps={{ 'aria-current': undefined }}
        >
          {nameOf(view, task)}
          {view === 'diff' && filesChanged ? (
            <span
              className="count"
              aria-hidden="true"
              title={strings.task.filesChanged(filesChanged)}
            >
              {filesChanged}
            </span>
          ) : null}
        </Link>
      ))}
    </div>
  )
}

/** A shell needs a running stage, and permission to control its terminal. */
function isOffered(view: View, { allowedActions }: Task): boolean {
  return view !== 'shell' || allowedActions.includes('shell')
}

function nameOf(view: View, { readsTerminal }: Task): string {
  return view === 'terminal' && !readsTerminal ? strings.task.watch : strings.task.view[view]
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -99, End: 99 }[event.key]
  if (step === undefined) return
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="tab"]')]
  const place = tabs.indexOf(document.activeElement as HTMLElement) + step
  const next = tabs[Math.min(tabs.length - 1, Math.max(0, place))]
  event.preventDefault()
  next?.focus()
  next?.click()
}
