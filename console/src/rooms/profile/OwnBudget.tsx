import { money, whole } from '../../lib/numbers'
import { duration } from '../../lib/times'
import { useOwnBudget } from '../../queries/profile'
import { Section } from '../../ui/Section'
import { locale, words } from '../../words'
import styles from './profile.module.css'

const MINUTE = 60_000

/** How much of this month's budget is used, where there is one. */
export function OwnBudget() {
  const found = useOwnBudget()
  return (
    <Section title={words.profile.budget} about={words.profile.budgetAbout}>
      {found?.budget ? (
        <div className={styles.budgets}>
          <Line
            name={words.profile.used.minutes}
            used={found.used.minutes}
            limit={found.budget.minutes}
            write={(minutes) => duration(minutes * MINUTE, words.units)}
          />
          <Line
            name={words.profile.used.tokens}
            used={found.used.tokens}
            limit={found.budget.tokens}
            write={(tokens) => whole(tokens, locale)}
          />
          <Line
            name={words.profile.used.cost}
            used={found.used.cost}
            limit={found.budget.cost}
            write={(cost) => money(cost, locale)}
          />
        </div>
      ) : (
        found && <p className="dim">{words.profile.noBudget}</p>
      )}
    </Section>
  )
}

function Line(props: {
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
        <span>{words.profile.usedOf(used == null ? '–' : write(used), write(limit))}</span>
      </div>
      <span className="meter" data-is={share >= 1 ? 'failed' : share > 0.8 ? 'needs' : 'running'}>
        <i style={{ width: `${share * 100}%` }} />
      </span>
    </div>
  )
}
