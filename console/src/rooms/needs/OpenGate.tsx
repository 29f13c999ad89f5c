import type { Schemas } from '../../api/client'
import { agentName } from '../../lib/agents'
import { titleOf } from '../../lib/title'
import type { InboxItem } from '../../queries/inbox'
import { words } from '../../words'
import { Answers } from '../gate/Answers'
import { BudgetStands } from '../gate/BudgetStands'
import { FoundBranch } from '../gate/FoundBranch'
import { questionOf } from '../gate/GateBox'
import { BudgetAnswers } from './BudgetAnswers'
import styles from './Needs.module.css'
import { Peek } from './Peek'
import { Read } from './Read'
import { InCode, Where } from './Where'

type Gate = Schemas['PendingGate']
type Task = Schemas['ListedTask']
type Props = { item: InboxItem; gate: Gate; task: Task; isSelected: boolean }

/** A question with its answers. What it is about is shown where it is selected. */
export function OpenGate({ item, gate, task, isSelected }: Props) {
  const canAnswer = item.acts.includes('answer')
  return (
    <>
      <Where kind={kindOf(gate, task)} task={task}>
        <InCode said={stageOf(gate, task)} />
      </Where>
      <p className={styles.what}>
        {gate.kind === 'budget' ? titleOf(task.description) : questionOf(gate)}
      </p>
      {gate.kind !== 'budget' && <p className={styles.of}>{titleOf(task.description)}</p>}
      {gate.budgets && <BudgetStands budgets={gate.budgets} />}
      {gate.branch && isSelected && <FoundBranch branch={gate.branch} />}
      {item.change && <Peek change={item.change} isOpen={isSelected} />}
      <div className={styles.foot}>
        {canAnswer && gate.kind === 'budget' && (
          <BudgetAnswers taskId={task.id} gate={gate} hasKeys={isSelected} />
        )}
        {canAnswer && gate.kind !== 'budget' && (
          <Answers taskId={task.id} gate={gate} hasKeys={isSelected} />
        )}
        <Read item={item} isSelected={isSelected} />
      </div>
    </>
  )
}

function kindOf({ kind }: Gate, task: Task): string {
  return kind === 'question' ? words.needs.asks(agentName(task.agentType)) : words.needs.kinds[kind]
}

function stageOf({ kind, number, stageIndex, stageName }: Gate, { stages }: Task): string[] {
  const isBefore = number === 0 && kind !== 'branch'
  const say = isBefore ? words.needs.before : words.needs.within
  return say(stageIndex + 1, stages.length, stageName)
}
