/** The limits of a budget, each beside what is used of it. Pure. */
import type { Schemas } from '../../api/client'
import { LIMITS } from '../form/limits'

type Month = Pick<Schemas['MonthBudget'], 'budget' | 'used'>

/** The limits that there are; `used` null: unknown. */
export function budgetRows({ budget, used }: Month) {
  return LIMITS.flatMap((what) => {
    const limit = budget?.[what]
    return limit === null || limit === undefined ? [] : [{ what, limit, used: used[what] }]
  })
}
