/** The limits of a budget in forms. Pure. */
import type { Schemas } from '../../api/client'

export const LIMITS = ['minutes', 'tokens', 'cost'] as const
export type Limit = (typeof LIMITS)[number]

/** Reads the fields of the budget `name` (such as `budget.tokens`). An empty field means no limit;
 *  no limits at all mean no budget. */
export function readLimits(
  text: (field: string) => string,
  name: string,
): Schemas['Budget'] | null {
  const entered = LIMITS.map((limit) => [limit, text(`${name}.${limit}`)] as const)
  if (entered.every(([, written]) => written === '')) return null
  return Object.fromEntries(
    entered.map(([limit, written]) => [limit, written ? Number(written) : null]),
  )
}
