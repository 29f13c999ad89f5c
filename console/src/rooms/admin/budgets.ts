import type { Schemas } from '../../api/client'
import type { Given } from '../../ui/useForm'

type Budget = Schemas['Budget']

/** The three limits of a form as a budget; null where none of them is there. */
export function budgetOf({ text }: Pick<Given, 'text'>): Budget | null {
  const budget = {
    minutes: limit(text('minutes')),
    tokens: limit(text('tokens')),
    cost: limit(text('cost')),
  }
  return Object.values(budget).every((each) => each === null) ? null : budget
}

function limit(written: string): number | null {
  return written === '' ? null : Number(written)
}
