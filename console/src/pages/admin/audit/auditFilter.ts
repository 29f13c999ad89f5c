import type { AuditFilter } from '../../../queries/adminAudit'

export type AuditSearch = {
  actor?: string
  action?: string
  targetType?: string
  targetId?: string
  /** Dates in the format of date inputs, `YYYY-MM-DD`. */
  from?: string
  to?: string
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Converts the URL's search to API parameters. Days are local, and both are included. */
export function auditFilter(search: AuditSearch): AuditFilter {
  const { actor, action, targetType, targetId } = search
  const filter = {
    actor,
    action,
    targetType,
    targetId,
    from: startOf(search.from, 0),
    to: startOf(search.to, 1),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value))
}

function startOf(day: string | undefined, later: number): string | undefined {
  if (!day || !DAY.test(day)) return undefined
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const start = new Date(year, month - 1, date + later)
  return Number.isNaN(start.getTime()) ? undefined : start.toISOString()
}
