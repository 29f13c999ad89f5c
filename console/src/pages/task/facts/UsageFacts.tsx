import type { Schemas } from '../../../api/client'
import { useNow } from '../../../components/hooks/useNow'
import { locale, strings } from '../../../i18n'
import { formatCompact, formatInteger, formatMoney } from '../../../lib/format/numbers'
import { budgetUsage } from '../../../lib/task/budgetUsage'
import { useEvents } from '../../../queries/events'
import { Fact } from './Fact'
import styles from './Facts.module.css'

type Usage = Schemas['Usage']

/** What the task's agents have used, and how much of its budget that is. */
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
      {task.budget && <BudgetMeters task={task} budget={task.budget} />}
    </>
  )
}

export function Cost({ usage }: { usage: Usage | null }) {
  if (usage?.cost == null) return strings.common.unknown
  const said = formatMoney(usage.cost, locale)
  return usage.isEstimate ? (
    <span title={strings.facts.estimate}>{strings.facts.about(said)}</span>
  ) : (
    said
  )
}

export function BudgetMeters(props: { task: Schemas['TaskDetail']; budget: Schemas['Budget'] }) {
  const now = useNow()
  const events = useEvents(props.task.id).data ?? []
  const says = {
    minutes: (n: number) => strings.facts.minutes(formatInteger(Math.floor(n), locale)),
    tokens: (n: number) => strings.facts.tokens(formatCompact(n, locale)),
    cost: (n: number) => formatMoney(n, locale),
  }
  return budgetUsage(props.task, events, now).map(({ figure, used, limit }) => {
    const share = used === null ? 0 : used / limit
    const look = share >= 1 ? 'failed' : share >= 0.8 ? 'needs' : 'running'
    const said = used === null ? strings.common.unknown : says[figure](used)
    return (
      <div key={figure} className={styles.budget}>
        <p className="hint">{strings.facts.ofBudget(said, says[figure](limit))}</p>
        <span className="meter" data-is={look}>
          <i style={{ width: `${Math.min(100, share * 100)}%` }} />
        </span>
      </div>
    )
  })
}
