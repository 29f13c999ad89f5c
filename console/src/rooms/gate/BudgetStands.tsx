import type { Schemas } from '../../api/client'
import { money, short, whole } from '../../lib/numbers'
import { locale, words } from '../../words'

type Spent = Schemas['SpentBudget']

/** Whose budgets are used up, and how far. */
export function BudgetStands({ budgets }: { budgets: Spent[] }) {
  return (
    <dl className="facts">
      {budgets.map((spent) => (
        <div key={`${spent.of}-${spent.name}`} className="pair">
          <dt>{words.gate.budgetName[spent.of](spent.name)}</dt>
          <dd>{figures(spent).join(', ')}</dd>
        </div>
      ))}
    </dl>
  )
}

function figures({ budget, used }: Spent): string[] {
  const said: string[] = []
  const tell = (
    limit: number | null | undefined,
    has: number | null,
    form: (n: number) => string,
  ) => {
    if (limit != null) {
      said.push(words.gate.usedOf(has === null ? words.common.notTold : form(has), form(limit)))
    }
  }
  tell(budget.minutes, used.minutes, (n) => words.gate.minutesOf(whole(Math.round(n), locale)))
  tell(budget.tokens, used.tokens, (n) => words.gate.tokensOf(short(n, locale)))
  tell(budget.cost, used.cost, (n) => money(n, locale))
  return said
}
