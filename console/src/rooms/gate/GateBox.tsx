import type { Schemas } from '../../api/client'
import { agentName } from '../../lib/agents'
import { seen } from '../../lib/seen'
import { about, clock } from '../../lib/times'
import type { PendingGate } from '../../queries/gates'
import { LateMarkdown } from '../../ui/LateMarkdown'
import { useNow } from '../../ui/useNow'
import { locale, words } from '../../words'
import { Answers } from './Answers'
import { BudgetStands } from './BudgetStands'
import { FoundBranch } from './FoundBranch'
import styles from './Gate.module.css'
import { GateDiff } from './GateDiff'

type AskedTask = Pick<Schemas['TaskDetail'], 'id' | 'projectKey' | 'agentType'>

/** A question to a person, what it is about, and its answers. */
export function GateBox(props: { task: AskedTask; gate: PendingGate; mayAnswer: boolean }) {
  const { task, gate, mayAnswer } = props
  const title = titleOf(task, gate)
  return (
    <section className={styles.box} id="question" aria-label={title}>
      <p className={styles.who}>
        <b>{title}</b> <span className="dim">· {words.gate.mayAnswer(task.projectKey)}</span>
      </p>
      <div className={styles.what}>
        <LateMarkdown text={questionOf(gate)} />
      </div>
      {gate.diff && <GateDiff task={task} gate={gate} diff={gate.diff} />}
      {gate.budgets && <BudgetStands budgets={gate.budgets} />}
      {gate.branch && <FoundBranch branch={gate.branch} />}
      {mayAnswer && <Answers taskId={task.id} gate={gate} hasKeys />}
      <p className={`hint ${styles.by}`}>
        <By task={task} gate={gate} />
      </p>
    </section>
  )
}

function titleOf(task: AskedTask, { kind, stageName }: PendingGate): string {
  if (kind === 'question') return words.gate.asks(agentName(task.agentType))
  if (kind === 'budget') return words.gate.budgetOf
  if (kind === 'checkpoint') return words.gate.checkpointOf
  return kind === 'branch' ? words.gate.branchOf : words.gate.waitsBefore(stageName)
}

export function questionOf({ kind, prompt, stageName }: PendingGate): string {
  // Its figures stand below, as people read them.
  if (kind === 'budget') return words.gate.letGoOn
  if (prompt) return seen(prompt)
  if (kind === 'confirm' || kind === 'choose' || kind === 'input') {
    return words.gate.before[kind](stageName)
  }
  return ''
}

/** Since when it waits, what happens by itself, and when. */
function By({ task, gate }: { task: AskedTask; gate: PendingGate }) {
  const now = useNow()
  const asked = words.gate.asked(about(now - Date.parse(gate.requestedAt), words.units))
  if (!gate.expiresAt) return `${asked} ${words.gate.waitsForEver}`
  const time = clock(new Date(gate.expiresAt), locale, new Date(now))
  return gate.kind === 'question'
    ? `${asked} ${words.gate.resumesAt(agentName(task.agentType), time)}`
    : `${asked} ${words.gate.failsAt(time)}`
}
