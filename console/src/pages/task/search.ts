/** The state in the URL of a task's page: the view, and the position in it. */
import { useNavigate, useSearch } from '@tanstack/react-router'

export const VIEWS = [
  'transcript',
  'terminal',
  'shell',
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

/** Returns a function that changes part of the URL's search without a new history entry. */
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

/** Returns the view in the URL; the first view if it is missing or unknown. */
export function selectedView(search: TaskSearch): View {
  return VIEWS.find((view) => view === search.view) ?? 'transcript'
}
