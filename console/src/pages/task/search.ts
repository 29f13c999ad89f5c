/** What the URL of a task's page says: which view, and where in it. */
import { useNavigate, useSearch } from '@tanstack/react-router'

export const VIEWS = [
  'transcript',
  'terminal',
  'log',
  'diff',
  'recording',
  'events',
  'usage',
  'workspace',
] as const
export type View = (typeof VIEWS)[number]

export type TaskSearch = {
  view?: string
  attempt?: string
  offset?: string
  kind?: string
  q?: string
}

export function useTaskSearch(): TaskSearch {
  return useSearch({ strict: false }) as TaskSearch
}

/** Change some of what the URL says, without another entry in the browser's history. */
export function useSetSearch(): (some: TaskSearch) => void {
  const navigate = useNavigate()
  return (some) =>
    void navigate({
      to: '.',
      replace: true,
      resetScroll: false,
      search: (before: object) => ({ ...before, ...some }) as never,
    })
}

/** The view that the URL names; the first one where it names none that there is. */
export function selectedView(search: TaskSearch): View {
  return VIEWS.find((view) => view === search.view) ?? 'transcript'
}
