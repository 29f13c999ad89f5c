import type { Schemas } from '../../api/client'
import { locale, strings } from '../../i18n'
import { formatCompact, formatInteger, formatMoney } from '../../lib/format/numbers'

type Spent = Schemas['SpentBudget']

/** The spent budgets: whose they are, and how much is used. */
export function SpentBudgets({ budgets }: { budgets: Spent[] }) {
  return (
    <dl className="facts">
      {budgets.map((spent) => (
        <div key={`${spent.of}-${spent.name}`} className="pair">
          <dt>{strings.gate.budgetName[spent.of](spent.name)}</dt>
          <dd>{formatFigures(spent).join(strings.common.separators.clause)}</dd>
        </div>
      ))}
    </dl>
  )
}

function formatFigures({ budget, used }: Spent): string[] {
  const figures: string[] = []
  const append = (
    limit: number | null | undefined,
    has: number | null,
    form: (n: number) => string,
  ) => {
    if (limit != null) {
      figures.push(
        strings.gate.usedOf(has === null ? strings.common.unknown : form(has), form(limit)),
      )
    }
  }
  append(budget.minutes, used.minutes, (n) =>
    strings.gate.minutesOf(formatInteger(Math.round(n), locale)),
  )
  append(budget.tokens, used.tokens, (n) => strings.gate.tokensOf(formatCompact(n, locale)))
  append(budget.cost, used.cost, (n) => formatMoney(n, locale))
  return figures
}
