import { Link } from '@tanstack/react-router'
import { type ComponentType, type KeyboardEvent, lazy, Suspense } from 'react'
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
  log: lazy(() => import('./log/LogTab')),
  diff: lazy(() => import('./diff/DiffTab')),
  recording: lazy(() => import('./recording/RecordingTab')),
  events: lazy(() => import('./events/EventsTab')),
  usage: lazy(() => import('./usage/UsageTab')),
  workspace: lazy(() => import('./workspace/WorkspaceTab')),
}

export function Views({ task }: { task: Task }) {
  const view = selectedView(useTaskSearch())
  const Page = views[view]
  return (
    <div role="tabpanel" id="view" aria-labelledby={`tab-${view}`} className={styles.panel}>
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

/** The tabs of the views. Arrow keys move between them, as is usual for tabs. */
export function Tabs({ task, filesChanged }: { task: Task; filesChanged: number | null }) {
  const shown = selectedView(useTaskSearch())
  return (
    <div role="tablist" aria-label={strings.task.views} className="tabs" onKeyDown={moveFocus}>
      {VIEWS.map((view) => (
        <Link
          key={view}
          role="tab"
          id={`tab-${view}`}
          aria-selected={view === shown}
          aria-controls={view === shown ? 'view' : undefined}
          tabIndex={view === shown ? 0 : -1}
          to="/tasks/$taskId"
          params={{ taskId: String(task.id) }}
          search={{ view: view === 'transcript' ? undefined : view } as never}
          resetScroll={false}
          // All tabs link to this page, so only `aria-selected` tells which one is shown.
          activeProps={{ 'aria-current': undefined }}
        >
          {strings.task.view[view]}
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
