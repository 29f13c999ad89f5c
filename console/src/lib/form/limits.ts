/** The limits of a budget as forms have them. Pure. */
import type { Schemas } from '../../api/client'

export const LIMITS = ['minutes', 'tokens', 'cost'] as const
export type Limit = (typeof LIMITS)[number]

/** What is written in the fields of a budget of that name (`budget.tokens`): what is left empty has no
 *  limit, and without any limit there is no budget. */
export function readLimits(
  text: (field: string) => string,
  name: string,
): Schemas['Budget'] | null {
  const said = LIMITS.map((limit) => [limit, text(`${name}.${limit}`)] as const)
  if (said.every(([, written]) => written === '')) return null
  return Object.fromEntries(
    said.map(([limit, written]) => [limit, written ? Number(written) : null]),
  )
}
