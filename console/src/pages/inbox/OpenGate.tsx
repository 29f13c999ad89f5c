import type { Schemas } from '../../api/client'
import { Answers } from '../../components/gate/Answers'
import { BranchConflict } from '../../components/gate/BranchConflict'
import { PermissionDetails } from '../../components/gate/PermissionDetails'
import { PromptText } from '../../components/gate/PromptText'
import { SpentBudgets } from '../../components/gate/SpentBudgets'
import { strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { titleOf } from '../../lib/task/title'
import type { InboxItem } from '../../queries/inbox'
import { BudgetAnswers } from './BudgetAnswers'
import { DetailLink } from './DetailLink'
import { DiffPreview } from './DiffPreview'
import styles from './Inbox.module.css'
import { ItemHeader, TextWithCode } from './ItemHeader'
import { RefusedHosts } from './RefusedHosts'

type Gate = Schemas['PendingGate']
type Task = Schemas['ListedTask']
type Props = { item: InboxItem; gate: Gate; task: Task; isSelected: boolean }

/** A question with its answers. If selected, it also shows the change that it is about. */
export function OpenGate({ item, gate, task, isSelected }: Props) {
  const canAnswer = item.actions.includes('answer')
  return (
    <>
      <ItemHeader kind={kindLabel(gate, task)} task={task}>
        <TextWithCode parts={stageText(gate, task)} />
      </ItemHeader>
      <p className={styles.what}>
        {gate.kind === 'budget' ? titleOf(task.description) : <PromptText gate={gate} />}
      </p>
      {gate.kind !== 'budget' && <p className={styles.of}>{titleOf(task.description)}</p>}
      {gate.budgets && <SpentBudgets budgets={gate.budgets} />}
      {gate.permission && isSelected && <PermissionDetails permission={gate.permission} />}
      {item.refusedHosts.length > 0 && <RefusedHosts item={item} task={task} />}
      {gate.branch && isSelected && <BranchConflict branch={gate.branch} />}
      {item.change && <DiffPreview change={item.change} isOpen={isSelected} />}
      <div className={styles.foot}>
        {canAnswer && gate.kind === 'budget' && (
          <BudgetAnswers taskId={task.id} gate={gate} hasKeys={isSelected} />
        )}
        {canAnswer && gate.kind !== 'budget' && (
          <Answers
            taskId={task.id}
            gate={gate}
            canRequestChanges={gate.diff !== null}
            canAllowAlways={item.actions.includes('allow_always')}
            hasKeys={isSelected}
          />
        )}
        <DetailLink item={item} isSelected={isSelected} />
      </div>
    </>
  )
}

function kindLabel({ kind }: Gate, task: Task): string {
  if (kind === 'permission') return strings.inbox.wantsTo(agentName(task.agentType))
  return kind === 'question'
    ? strings.inbox.asks(agentName(task.agentType))
    : strings.inbox.kinds[kind]
}

function stageText({ kind, number, stageIndex, stageName }: Gate, { stages }: Task): string[] {
  const isBefore = number === 0 && kind !== 'branch'
  const format = isBefore ? strings.inbox.before : strings.inbox.within
  return format(stageIndex + 1, stages.length, stageName)
}
