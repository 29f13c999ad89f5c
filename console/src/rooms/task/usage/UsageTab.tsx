import { useRef } from 'react'
import type { Schemas } from '../../../api/client'
import { agentName } from '../../../lib/agents'
import { whole } from '../../../lib/numbers'
import { type UsageGroups, useTaskUsage } from '../../../queries/taskUsage'
import { Broken } from '../../../ui/Broken'
import { Button } from '../../../ui/Button'
import { Empty } from '../../../ui/Empty'
import { Ghost } from '../../../ui/Ghost'
import { useScrolls } from '../../../ui/useScrolls'
import { locale, words } from '../../../words'
import { BudgetMeters, Cost } from '../facts/UsageFacts'
import { useSetSearch, useTaskSearch } from '../search'
import styles from './Usage.module.css'

type Usage = Schemas['Usage']
const GROUPS: readonly UsageGroups[] = ['stage', 'attempt', 'agent', 'model']

/** What the task has used, and how much of its budget that is. */
export default function UsageTab({ task }: { task: Schemas['TaskDetail'] }) {
  const { kind } = useTaskSearch()
  const set = useSetSearch()
  const groupBy = GROUPS.find((group) => group === kind) ?? 'stage'
  const { data: groups, error, refetch } = useTaskUsage(task.id, groupBy)
  return (
    <section className={`page ${styles.usage}`} aria-label={words.taskUsage.title}>
      <div>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a border of its own */}
        <div className="join" role="group" aria-label={words.taskUsage.by}>
          {GROUPS.map((group) => (
            <Button
              key={group}
              aria-pressed={group === groupBy}
              onClick={() => set({ kind: group === 'stage' ? undefined : group })}
            >
              {words.taskUsage.groups[group]}
            </Button>
          ))}
        </div>
        {error && !groups && <Broken error={error} again={() => void refetch()} />}
        {!groups && !error && <Ghost rows={3} />}
        {groups && groups.length === 0 && (
          <Empty title={words.taskUsage.nothing}>
            <p>{words.taskUsage.nothingWhy}</p>
          </Empty>
        )}
        {groups && groups.length > 0 && <Table task={task} groupBy={groupBy} groups={groups} />}
      </div>
      <section className={styles.budget}>
        <h2>{words.taskUsage.budget}</h2>
        {task.budget ? (
          <BudgetMeters task={task} budget={task.budget} />
        ) : (
          <p className="hint">{words.taskUsage.noBudget}</p>
        )}
      </section>
    </section>
  )
}

function Table(props: {
  task: Schemas['TaskDetail']
  groupBy: UsageGroups
  groups: Schemas['UsageGroup'][]
}) {
  const { task, groupBy, groups } = props
  const panel = useRef<HTMLDivElement>(null)
  const scrolls = useScrolls(panel)
  return (
    <div ref={panel} className={`panel ${styles.scroll}`} tabIndex={scrolls ? 0 : undefined}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{words.taskUsage.columns[groupBy]}</th>
            {[
              words.facts.input,
              words.facts.cached,
              words.facts.output,
              words.facts.reasoning,
              words.facts.cost,
            ].map((name) => (
              <th key={name} scope="col" className="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map(({ key, name, usage }) => (
            <tr key={key ?? ''}>
              <th scope="row">{nameOf(groupBy, key, name)}</th>
              <Figures usage={usage} />
            </tr>
          ))}
          {task.usage && groups.length > 1 && (
            <tr className={styles.sum}>
              <th scope="row">{words.taskUsage.sum}</th>
              <Figures usage={task.usage} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}

function Figures({ usage }: { usage: Usage }) {
  const { inputTokens, cachedTokens, outputTokens, reasoningTokens } = usage
  return (
    <>
      {[inputTokens, cachedTokens, outputTokens, reasoningTokens].map((n, column) => (
        <td key={column} className="num">
          {n === null ? <span className="dim">–</span> : whole(n, locale)}
        </td>
      ))}
      <td className="num">
        {usage.cost === null ? <span className="dim">–</span> : <Cost usage={usage} />}
      </td>
    </>
  )
}

function nameOf(groupBy: UsageGroups, key: string | null, name: string | null): string {
  if (groupBy === 'attempt') return words.taskUsage.attempt(key?.split('-').at(-1) ?? '')
  if (key === null) return words.taskUsage.noModel
  return groupBy === 'agent' ? agentName(key) : (name ?? key)
}
