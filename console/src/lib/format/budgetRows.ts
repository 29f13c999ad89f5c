/** The limits of a budget with their usage. Pure. */
import type { Schemas } from '../../api/client'
import { LIMITS } from '../form/limits'

type Month = Pick<Schemas['MonthBudget'], 'budget' | 'used'>

/** Returns the limits that are set; `used` is null if unknown. */
export function budgetRows({ budget, used }: Month) {
  return LIMITS.flatMap((what) => {
    const limit = budget?.[what]
    return limit === null || limit === undefined ? [] : [{ what, limit, used: used[what] }]
  })
}
