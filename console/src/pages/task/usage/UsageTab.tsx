import { useRef } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { useOverflow } from '../../../components/hooks/useOverflow'
import { locale, strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { formatInteger } from '../../../lib/format/numbers'
import { type UsageGrouping, useTaskUsage } from '../../../queries/taskUsage'
import { BudgetMeters, Cost } from '../facts/UsageFacts'
import { useSetSearch, useTaskSearch } from '../search'
import styles from './Usage.module.css'

type Usage = Schemas['Usage']
const GROUPS: readonly UsageGrouping[] = ['stage', 'attempt', 'agent', 'model']

/** The usage of the task, and the share of its budget. */
export default function UsageTab({ task }: { task: Schemas['TaskDetail'] }) {
  const { kind } = useTaskSearch()
  const set = useSetSearch()
  const groupBy = GROUPS.find((group) => group === kind) ?? 'stage'
  const { data: groups, error, refetch } = useTaskUsage(task.id, groupBy)
  return (
    <section className={`page ${styles.usage}`} aria-label={strings.taskUsage.title}>
      <div>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has its own border */}
        <div className="join" role="group" aria-label={strings.taskUsage.by}>
          {GROUPS.map((group) => (
            <Button
              key={group}
              aria-pressed={group === groupBy}
              onClick={() => set({ kind: group === 'stage' ? undefined : group })}
            >
              {strings.taskUsage.groups[group]}
            </Button>
          ))}
        </div>
        {error && !groups && <ErrorMessage error={error} again={() => void refetch()} />}
        {!groups && !error && <Skeleton rows={3} />}
        {groups && groups.length === 0 && (
          <EmptyState title={strings.taskUsage.nothing}>
            <p>{strings.taskUsage.nothingWhy}</p>
          </EmptyState>
        )}
        {groups && groups.length > 0 && (
          <UsageTable task={task} groupBy={groupBy} groups={groups} />
        )}
      </div>
      <section className={styles.budget}>
        <h2>{strings.taskUsage.budget}</h2>
        {task.budgets.length > 0 ? (
          <BudgetMeters task={task} />
        ) : (
          <p className="hint">{strings.taskUsage.noBudget}</p>
        )}
      </section>
    </section>
  )
}

function UsageTable(props: {
  task: Schemas['TaskDetail']
  groupBy: UsageGrouping
  groups: Schemas['UsageGroup'][]
}) {
  const { task, groupBy, groups } = props
  const panel = useRef<HTMLDivElement>(null)
  const scrolls = useOverflow(panel)
  return (
    <div ref={panel} className={`panel ${styles.scroll}`} tabIndex={scrolls ? 0 : undefined}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{strings.taskUsage.columns[groupBy]}</th>
            {[
              strings.facts.input,
              strings.facts.cached,
              strings.facts.output,
              strings.facts.reasoning,
              strings.facts.cost,
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
              <th scope="row">{strings.taskUsage.sum}</th>
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
          {n === null ? <span className="dim">–</span> : formatInteger(n, locale)}
        </td>
      ))}
      <td className="num">
        {usage.cost === null ? <span className="dim">–</span> : <Cost usage={usage} />}
      </td>
    </>
  )
}

function nameOf(groupBy: UsageGrouping, key: string | null, name: string | null): string {
  if (groupBy === 'attempt') return strings.taskUsage.attempt(key?.split('-').at(-1) ?? '')
  if (key === null) return strings.taskUsage.noModel
  return groupBy === 'agent' ? agentName(key) : (name ?? key)
}
