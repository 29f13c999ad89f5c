import type { UsageFilter, UsageGroupBy } from '../../../queries/adminUsage'

export type UsageSearch = { by?: string; from?: string; to?: string; project?: string }

export const GROUPS: UsageGroupBy[] = [
  'project',
  'developer',
  'agent',
  'model',
  'day',
  'stage',
  'task',
]

/** Converts the URL's search to API parameters: by default by project, from this month's 1st. */
export function usageFilter({ by, from, to, project }: UsageSearch, today: Date): UsageFilter {
  return {
    groupBy: GROUPS.find((one) => one === by) ?? 'project',
    from: validDay(from, `${today.toISOString().slice(0, 8)}01`),
    ...(isDay(to) && { to }),
    ...(project && { project }),
  }
}

function validDay(day: string | undefined, byDefault: string): string {
  return isDay(day) ? day : byDefault
}

function isDay(day: string | undefined): day is string {
  return /^\d{4}-\d{2}-\d{2}$/.test(day ?? '') && !Number.isNaN(Date.parse(day ?? ''))
}
