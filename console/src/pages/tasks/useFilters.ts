import { useNavigate, useSearch } from '@tanstack/react-router'
import { type Filters, type Name, parseFilters } from '../../lib/task/filters'

const NONE: Partial<Record<Name, undefined>> = {
  needsMe: undefined,
  status: undefined,
  project: undefined,
  agentType: undefined,
  machineId: undefined,
  createdBy: undefined,
  machineSelector: undefined,
  q: undefined,
}

/** Returns the filters in the URL, and functions that change some or replace all of them. */
export function useFilters() {
  const filters = parseFilters(useSearch({ strict: false }) as Record<string, unknown>)
  const navigate = useNavigate()
  const go = (change: object) =>
    void navigate({
      to: '.',
      replace: true,
      resetScroll: false,
      search: (before: object) => ({ ...before, ...change }) as never,
    })
  return {
    filters,
    set: (some: Partial<Record<Name, string | undefined>>) => go(some),
    replace: (others: Filters) => go({ ...NONE, ...others }),
  }
}
