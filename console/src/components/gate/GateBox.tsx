import type { Schemas } from '../../api/client'
import { locale, strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { formatRoughDuration, formatTime } from '../../lib/format/times'
import type { PendingGate } from '../../queries/gates'
import { useTicking } from '../hooks/useNow'
import { LazyMarkdown } from '../markdown/LazyMarkdown'
import { Answers } from './Answers'
import { BranchConflict } from './BranchConflict'
import styles from './Gate.module.css'
import { GateDiff } from './GateDiff'
import { SpentBudgets } from './SpentBudgets'

type GateTask = Pick<Schemas['TaskDetail'], 'id' | 'projectKey' | 'agentType' | 'allowedActions'>
type Props = {
  task: GateTask
  gate: PendingGate
  canAnswer: boolean
  /** Your review on this page has the answers: they are in one place. */
  isAnsweredBeside?: boolean
}

/** A question with its context and answers. */
export function GateBox({ task, gate, canAnswer, isAnsweredBeside = false }: Props) {
  const canRequestChanges = task.allowedActions.includes('review') && gate.diff !== null
  const title = titleOf(task, gate)
  return (
    <section className={styles.box} id="question" aria-label={title}>
      <p className={styles.who}>
        <b>{title}</b> <span className="dim">· {answerersText(task, gate)}</span>
      </p>
      <div className={styles.what}>
        <LazyMarkdown text={questionOf(gate)} />
      </div>
      {gate.diff && <GateDiff task={task} gate={gate} diff={gate.diff} />}
      {gate.budgets && <SpentBudgets budgets={gate.budgets} />}
      {gate.branch && <BranchConflict branch={gate.branch} />}
      {canAnswer && !isAnsweredBeside && (
        <Answers taskId={task.id} gate={gate} canRequestChanges={canRequestChanges} hasKeys />
      )}
      {canAnswer && isAnsweredBeside && (
        <a className="link" href="#review">
          {strings.gate.beside}
        </a>
      )}
      <p className={`hint ${styles.by}`}>
        <GateDeadline task={task} gate={gate} />
      </p>
    </section>
  )
}

function answerersText(task: GateTask, { answerers }: PendingGate): string {
  if (!answerers) return strings.gate.mayAnswer(task.projectKey)
  const names = answerers.people.map(({ name }) => name).join(', ')
  return answerers.nobodyLeft ? strings.answerers.nobodyLeft(names) : strings.answerers.can(names)
}

function titleOf(task: GateTask, { kind, stageName }: PendingGate): string {
  if (kind === 'question') return strings.gate.asks(agentName(task.agentType))
  if (kind === 'budget') return strings.gate.budgetOf
  if (kind === 'checkpoint') return strings.gate.checkpointOf
  return kind === 'branch' ? strings.gate.branchOf : strings.gate.waitsBefore(stageName)
}

export function questionOf({ kind, prompt, stageName }: PendingGate): string {
  // The budget's figures are displayed below.
  if (kind === 'budget') return strings.gate.raiseBudget
  if (prompt) return revealInvisible(prompt)
  if (kind === 'confirm' || kind === 'choose' || kind === 'input') {
    return strings.gate.before[kind](stageName)
  }
  return ''
}

/** The age of the question, and its default action with its time. */
function GateDeadline({ task, gate }: { task: GateTask; gate: PendingGate }) {
  return useTicking((now) => deadlineText(task, gate, now))
}

function deadlineText(task: GateTask, gate: PendingGate, now: number): string {
  const asked = strings.gate.asked(
    formatRoughDuration(now - Date.parse(gate.requestedAt), strings.units),
  )
  if (!gate.expiresAt) return `${asked} ${strings.gate.noDeadline}`
  const time = formatTime(new Date(gate.expiresAt), locale, new Date(now))
  return gate.kind === 'question'
    ? `${asked} ${strings.gate.resumesAt(agentName(task.agentType), time)}`
    : `${asked} ${strings.gate.failsAt(time)}`
}
