/** The rows of the task table: the fields that a row shows, and how updates change them. Pure. */
import type { Schemas } from '../../api/client'
import { titleOf } from './title'

type Found = Schemas['TaskListItem']

const ROW_FIELDS = [
  'id',
  'projectKey',
  'status',
  'suspendReason',
  'createdBy',
  'machineId',
  'machineName',
  'agentType',
  'stages',
  'currentStageIndex',
  'followUpsQueued',
  'taskBranch',
  'result',
  'failure',
  'waitingFor',
  'activity',
  'question',
  'lastAnswer',
  'position',
  'blockers',
  'allowedActions',
  'createdAt',
  'startedAt',
  'finishedAt',
  'updatedAt',
] as const

/** Without descriptions, so that a hundred thousand rows fit into a tab's memory. */
export type Row = Pick<Found, (typeof ROW_FIELDS)[number]> & {
  title: string
  /** When its status or stage changed while the page was open, in milliseconds. */
  changedAt?: number
}

export type Pages = { pages: { rows: Row[]; next: string | null }[]; pageParams: unknown[] }

export function toRow(task: Found): Row {
  const kept = Object.fromEntries(ROW_FIELDS.map((name) => [name, task[name]]))
  return { ...kept, title: titleOf(task.description) } as Row
}

/** Merges refreshed rows into the pages: the server was asked for the tasks `asked` and returned
 *  `found`. The others in `asked` no longer match the filters; those in `found` may be new. */
export function mergeRows(
  before: Pages,
  asked: ReadonlySet<number>,
  found: Row[],
  now: number,
): Pages {
  const fresh = new Map(found.map((row) => [row.id, row]))
  const known = new Set<number>()
  const pages = before.pages.map((page) => {
    if (!page.rows.some(({ id }) => asked.has(id))) return page
    const rows = page.rows.flatMap((row) => {
      if (!asked.has(row.id)) return [row]
      known.add(row.id)
      const next = fresh.get(row.id)
      return next ? [hasChangedState(row, next) ? { ...next, changedAt: now } : next] : []
    })
    return { ...page, rows }
  })
  const others = found.filter(({ id }) => !known.has(id))
  return { ...before, pages: others.reduce((all, row) => insertRow(all, row, now), pages) }
}

function hasChangedState(before: Row, after: Row): boolean {
  return (
    before.status !== after.status ||
    before.suspendReason !== after.suspendReason ||
    before.currentStageIndex !== after.currentStageIndex
  )
}

/** Inserts a new row by its number; skips it below the last loaded row, because the next page
 *  contains it. */
function insertRow(pages: Pages['pages'], row: Row, now: number): Pages['pages'] {
  const at = pages.findIndex(
    ({ rows, next }) => next === null || (rows.at(-1)?.id ?? Number.POSITIVE_INFINITY) < row.id,
  )
  const page = pages[at]
  if (page === undefined) return pages
  const place = page.rows.findIndex(({ id }) => id < row.id)
  const rows = page.rows.toSpliced(place < 0 ? page.rows.length : place, 0, {
    ...row,
    changedAt: now,
  })
  return pages.with(at, { ...page, rows })
}
