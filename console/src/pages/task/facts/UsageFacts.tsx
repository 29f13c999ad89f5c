import type { Schemas } from '../../../api/client'
import { useNow } from '../../../components/hooks/useNow'
import { locale, strings } from '../../../i18n'
import { budgetRows } from '../../../lib/format/budgetRows'
import { formatCompact, formatInteger, formatMoney } from '../../../lib/format/numbers'
import { useTask } from '../../../queries/task'
import { Fact } from './Fact'
import styles from './Facts.module.css'

type Usage = Schemas['Usage']

/** The usage of the task's agents, and the share of its budget. */
export function UsageFacts({ task }: { task: Schemas['TaskDetail'] }) {
  const { usage } = task
  const formatTokens = (n: number | null | undefined) =>
    n == null ? strings.common.unknown : formatInteger(n, locale)
  return (
    <>
      <dl className="facts">
        <Fact name={strings.facts.input}>{formatTokens(usage?.inputTokens)}</Fact>
        <Fact name={strings.facts.cached}>{formatTokens(usage?.cachedTokens)}</Fact>
        <Fact name={strings.facts.output}>{formatTokens(usage?.outputTokens)}</Fact>
        <Fact name={strings.facts.reasoning}>{formatTokens(usage?.reasoningTokens)}</Fact>
        <Fact name={strings.facts.cost}>
          <Cost usage={usage} />
        </Fact>
      </dl>
      <BudgetMeters task={task} />
    </>
  )
}

export function Cost({ usage }: { usage: Usage | null }) {
  if (usage?.cost == null) return strings.common.unknown
  const cost = formatMoney(usage.cost, locale)
  return usage.isEstimate ? (
    <span title={strings.facts.estimate}>{strings.facts.about(cost)}</span>
  ) : (
    cost
  )
}

/** The budgets that apply to the task, and the share of each that is used. */
export function BudgetMeters({ task }: { task: Schemas['TaskDetail'] }) {
  const { dataUpdatedAt } = useTask(task.id)
  const now = useNow()
  // While the task runs, minutes pass that the server hasn't sent.
  const minutes = task.status === 'running' ? Math.max(0, now - dataUpdatedAt) / 60_000 : 0
  return task.budgets.map((budget) => (
    <section key={budget.of} className={styles.budget} aria-label={nameOf(budget)}>
      <p className="hint">
        {nameOf(budget)}
        {budget.state !== 'available' && <b> · {strings.facts.budgetStates[budget.state]}</b>}
      </p>
      {budgetRows(budget).map((row) => (
        <BudgetMeter key={row.what} {...row} more={row.what === 'minutes' ? minutes : 0} />
      ))}
    </section>
  ))
}

function nameOf({ of, name }: Schemas['SpentBudget']): string {
  return strings.gate.budgetName[of](name)
}

type Row = ReturnType<typeof budgetRows>[number]

function BudgetMeter({ what, limit, used: sent, more }: Row & { more: number }) {
  const used = sent === null ? null : sent + more
  const share = used === null ? 0 : used / limit
  const look = share >= 1 ? 'failed' : share >= 0.8 ? 'needs' : 'running'
  const text = used === null ? strings.common.unknown : FORMATS[what](used)
  return (
    <>
      <p className="hint">{strings.facts.ofBudget(text, FORMATS[what](limit))}</p>
      <span className="meter" data-is={look}>
        <i style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
    </>
  )
}

const FORMATS: Record<Row['what'], (n: number) => string> = {
  minutes: (n) => strings.facts.minutes(formatInteger(Math.floor(n), locale)),
  tokens: (n) => strings.facts.tokens(formatCompact(n, locale)),
  cost: (n) => formatMoney(n, locale),
}
