import type { Schemas } from '../../../api/client'
import { money, short, whole } from '../../../lib/numbers'
import { spentOf } from '../../../lib/spent'
import { useEvents } from '../../../queries/events'
import { useNow } from '../../../ui/useNow'
import { locale, words } from '../../../words'
import { Fact } from './Fact'
import styles from './Facts.module.css'

type Usage = Schemas['Usage']

/** What the task's agents have used, and how much of its budget that is. */
export function UsageFacts({ task }: { task: Schemas['TaskDetail'] }) {
  const { usage } = task
  const tell = (n: number | null | undefined) =>
    n == null ? words.common.notTold : whole(n, locale)
  return (
    <>
      <dl className="facts">
        <Fact name={words.facts.input}>{tell(usage?.inputTokens)}</Fact>
        <Fact name={words.facts.cached}>{tell(usage?.cachedTokens)}</Fact>
        <Fact name={words.facts.output}>{tell(usage?.outputTokens)}</Fact>
        <Fact name={words.facts.reasoning}>{tell(usage?.reasoningTokens)}</Fact>
        <Fact name={words.facts.cost}>
          <Cost usage={usage} />
        </Fact>
      </dl>
      {task.budget && <BudgetMeters task={task} budget={task.budget} />}
    </>
  )
}

export function Cost({ usage }: { usage: Usage | null }) {
  if (usage?.cost == null) return words.common.notTold
  const said = money(usage.cost, locale)
  return usage.isEstimate ? (
    <span title={words.facts.estimate}>{words.facts.about(said)}</span>
  ) : (
    said
  )
}

export function BudgetMeters(props: { task: Schemas['TaskDetail']; budget: Schemas['Budget'] }) {
  const now = useNow()
  const events = useEvents(props.task.id).data ?? []
  const says = {
    minutes: (n: number) => words.facts.minutes(whole(Math.floor(n), locale)),
    tokens: (n: number) => words.facts.tokens(short(n, locale)),
    cost: (n: number) => money(n, locale),
  }
  return spentOf(props.task, events, now).map(({ figure, used, limit }) => {
    const share = used === null ? 0 : used / limit
    const look = share >= 1 ? 'failed' : share >= 0.8 ? 'needs' : 'running'
    const said = used === null ? words.common.notTold : says[figure](used)
    return (
      <div key={figure} className={styles.budget}>
        <p className="hint">{words.facts.ofBudget(said, says[figure](limit))}</p>
        <span className="meter" data-is={look}>
          <i style={{ width: `${Math.min(100, share * 100)}%` }} />
        </span>
      </div>
    )
  })
}
