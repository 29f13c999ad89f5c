/** How much of a task's own budget is used, figure by figure. */
import type { Schemas } from '../../api/client'
import { LIMITS, type Limit } from '../form/limits'

type Task = Pick<Schemas['TaskDetail'], 'budget' | 'usage' | 'status'>
type Event = Pick<Schemas['Event'], 'type' | 'createdAt' | 'data'>
export type BudgetUsage = { figure: Limit; used: number | null; limit: number }

export function budgetUsage(task: Task, events: readonly Event[], now: number): BudgetUsage[] {
  const { budget, usage } = task
  const used = {
    minutes: runMinutes(task, events, now),
    tokens: tokensOf(usage),
    cost: usage?.cost ?? null,
  }
  return LIMITS.flatMap((figure) => {
    const limit = budget?.[figure]
    return limit == null ? [] : [{ figure, used: used[figure], limit }]
  })
}

function tokensOf(usage: Schemas['Usage'] | null): number | null {
  if (!usage || (usage.inputTokens === null && usage.outputTokens === null)) return null
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
}

/** Minutes in which its stages ran, in all of its rounds; about, for pushing counts with the server. */
function runMinutes(task: Task, events: readonly Event[], now: number): number {
  let sum = 0
  let since: number | null = null
  const stop = (at: number) => {
    if (since !== null) sum += at - since
    since = null
  }
  for (const { type, createdAt, data } of events) {
    const at = Date.parse(createdAt)
    if (type === 'stage_started' || (type === 'confirmed' && Number(data.number) > 0)) {
      stop(at)
      since = at
    } else if (ENDS.has(type)) stop(at)
  }
  if (task.status === 'running') stop(now)
  return sum / 60_000
}

const ENDS = new Set([
  'stage_finished',
  'suspended',
  'machine_lost',
  'requeued',
  'failed',
  'cancelled',
  'completed',
])
