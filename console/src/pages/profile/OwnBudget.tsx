import { Section } from '../../components/page/Section'
import { locale, strings } from '../../i18n'
import { formatInteger, formatMoney } from '../../lib/format/numbers'
import { formatDuration } from '../../lib/format/times'
import { useOwnBudget } from '../../queries/profile'
import styles from './profile.module.css'

const MINUTE = 60_000

/** How much of your budget for this month is used, if you have one. */
export function OwnBudget() {
  const found = useOwnBudget()
  return (
    <Section id="budget" title={strings.profile.budget} about={strings.profile.budgetAbout}>
      {found?.budget ? (
        <div className={styles.budgets}>
          <BudgetLine
            name={strings.profile.used.minutes}
            used={found.used.minutes}
            limit={found.budget.minutes}
            write={(minutes) => formatDuration(minutes * MINUTE, strings.units)}
          />
          <BudgetLine
            name={strings.profile.used.tokens}
            used={found.used.tokens}
            limit={found.budget.tokens}
            write={(tokens) => formatInteger(tokens, locale)}
          />
          <BudgetLine
            name={strings.profile.used.cost}
            used={found.used.cost}
            limit={found.budget.cost}
            write={(cost) => formatMoney(cost, locale)}
          />
        </div>
      ) : (
        found && <p className="dim">{strings.profile.noBudget}</p>
      )}
    </Section>
  )
}

function BudgetLine(props: {
  name: string
  used: number | null | undefined
  limit: number | null | undefined
  write: (n: number) => string
}) {
  const { name, used, limit, write } = props
  if (limit === null || limit === undefined) return null
  const share = limit > 0 ? Math.min(1, (used ?? 0) / limit) : 1
  return (
    <div>
      <div className="row">
        <span className="grow">{name}</span>
        <span>{strings.profile.usedOf(used == null ? '–' : write(used), write(limit))}</span>
      </div>
      <span className="meter" data-is={share >= 1 ? 'failed' : share > 0.8 ? 'needs' : 'running'}>
        <i style={{ width: `${share * 100}%` }} />
      </span>
    </div>
  )
}
