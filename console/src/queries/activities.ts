/** Applies what agents do now to the cached tasks and lists, without fetching them. */
import type { QueryClient } from '@tanstack/react-query'
import type { Schemas } from '../api/client'

export type ActivityUpdate = { taskId: number; activity: Schemas['AgentActivity'] | null }
type WithActivity = { id: number; activity: Schemas['AgentActivity'] | null }
type TablePages = { pages: { rows: WithActivity[] }[] }

export function applyActivities(cache: QueryClient, updates: readonly ActivityUpdate[]): void {
  if (updates.length === 0) return
  const byTask = new Map(updates.map(({ taskId, activity }) => [taskId, activity]))
  for (const taskId of byTask.keys()) {
    cache.setQueriesData<WithActivity>({ queryKey: ['task', taskId], exact: true }, (known) =>
      known ? changeActivity(known, byTask) : known,
    )
  }
  cache.setQueriesData<WithActivity[]>({ queryKey: ['tasks'] }, (known) =>
    Array.isArray(known) ? changeList(known, byTask) : known,
  )
  cache.setQueriesData<TablePages>({ queryKey: ['taskTable'] }, (known) => {
    if (!known) return known
    const pages = known.pages.map((page) => {
      const rows = changeList(page.rows, byTask)
      return rows === page.rows ? page : { ...page, rows }
    })
    return pages.every((page, place) => page === known.pages[place]) ? known : { ...known, pages }
  })
}

type ByTask = ReadonlyMap<number, Schemas['AgentActivity'] | null>

function changeList(known: WithActivity[], byTask: ByTask): WithActivity[] {
  return known.some(({ id }) => byTask.has(id))
    ? known.map((one) => changeActivity(one, byTask))
    : known
}

function changeActivity(known: WithActivity, byTask: ByTask): WithActivity {
  const activity = byTask.get(known.id)
  return activity === undefined ? known : { ...known, activity }
}
