import { ChevronDown, X } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { locale, strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { joinSentences } from '../../lib/format/sentences'
import { formatRoughDuration, formatTime } from '../../lib/format/times'
import type { PendingGate } from '../../queries/gates'
import { Button } from '../controls/Button'
import { useTicking } from '../hooks/useNow'
import { LazyMarkdown } from '../markdown/LazyMarkdown'
import { StatusIcon } from '../status/Status'
import { Answers } from './Answers'
import { BranchConflict } from './BranchConflict'
import styles from './Gate.module.css'
import { GateDiff } from './GateDiff'
import { PermissionDetails } from './PermissionDetails'
import { PromptText } from './PromptText'
import { questionOf } from './questionText'
import { SpentBudgets } from './SpentBudgets'
import { useFold } from './useFold'

type GateTask = Pick<Schemas['TaskDetail'], 'id' | 'projectKey' | 'agentType' | 'allowedActions'>
type Props = {
  task: GateTask
  gate: PendingGate
  canAnswer: boolean
  /** Your review on this page has the answers: they are in one place. */
  isAnsweredBeside?: boolean
  /** It is one line, which opens the rest over the page. */
  isFolded?: boolean
}

/** A question with its context and answers. Folded or not, the answers are the same elements, so
 *  that what you have written stays. */
export function GateBox({
  task,
  gate,
  canAnswer,
  isAnsweredBeside = false,
  isFolded = false,
}: Props) {
  const canRequestChanges = task.allowedActions.includes('review') && gate.diff !== null
  const title = titleOf(task, gate)
  const { box, form, open, closeOnEscape } = useFold(isFolded)
  if (canAnswer && isAnsweredBeside) return <BesideBox title={title} gate={gate} />
  return (
    <section
      ref={box}
      className={styles.box}
      aria-label={title}
      data-form={form}
      data-kind={gate.kind}
      onKeyDown={closeOnEscape}
    >
      {form === 'line' && <QuestionLine gate={gate} />}
      <p className={styles.who}>
        <b>{title}</b> <span className="dim">· {answerersText(task, gate)}</span>
      </p>
      {gate.permission ? (
        <PermissionDetails permission={gate.permission} />
      ) : (
        <div className={styles.what}>
          <LazyMarkdown text={questionOf(gate)} />
        </div>
      )}
      {gate.diff && <GateDiff task={task} gate={gate} diff={gate.diff} />}
      {gate.budgets && <SpentBudgets budgets={gate.budgets} />}
      {gate.branch && <BranchConflict branch={gate.branch} />}
      {canAnswer && (
        <Answers
          taskId={task.id}
          gate={gate}
          canRequestChanges={canRequestChanges}
          canAllowAlways={task.allowedActions.includes('allow_always')}
          hasKeys
          onWrite={() => open(true)}
        />
      )}
      <p className="hint">
        <GateDeadline task={task} gate={gate} />
      </p>
      {form && <FoldButton gate={gate} isOpen={form === 'open'} onClick={open} />}
    </section>
  )
}

function QuestionLine({ gate }: { gate: PendingGate }) {
  return (
    <p className={`row grow ${styles.question}`}>
      <span className="tone" data-is="needs">
        <StatusIcon look="needs" />
      </span>
      <span className="cut">
        <PromptText gate={gate} isLine />
      </span>
    </p>
  )
}

/** Opens or closes the folded question. Only a yes or no has its answers in the line, too. */
function FoldButton(props: {
  gate: PendingGate
  isOpen: boolean
  onClick: (isOpen: boolean) => void
}) {
  const { isOpen } = props
  const isAnswer = !isOpen && props.gate.kind !== 'confirm'
  const name = isOpen ? strings.common.close : strings.gate.showQuestion
  return (
    <Button
      {...(isAnswer ? { variant: 'main' } : { variant: 'quiet', size: 'square', title: name })}
      className={styles.fold}
      aria-expanded={isOpen}
      aria-label={isAnswer ? undefined : name}
      onClick={() => props.onClick(!isOpen)}
    >
      {isAnswer ? (
        strings.gate.answer
      ) : isOpen ? (
        <X className="i" />
      ) : (
        <ChevronDown className="i" />
      )}
    </Button>
  )
}

/** The question in one line: your review has more room for it. */
function BesideBox({ title, gate }: { title: string; gate: PendingGate }) {
  return (
    <section className={styles.box} aria-label={title} data-form="beside">
      <b>{title}</b>
      <span className="cut grow">
        <PromptText gate={gate} isLine />
      </span>
      <a className="link" href="#review">
        {strings.gate.beside}
      </a>
    </section>
  )
}

function answerersText(task: GateTask, { answerers }: PendingGate): string {
  if (!answerers) return strings.gate.mayAnswer(task.projectKey)
  const names = answerers.people.map(({ name }) => name).join(strings.common.separators.list)
  return answerers.nobodyLeft ? strings.answerers.nobodyLeft(names) : strings.answerers.can(names)
}

function titleOf(task: GateTask, { kind, stageName }: PendingGate): string {
  if (kind === 'question') return strings.gate.asks(agentName(task.agentType))
  if (kind === 'permission') return strings.gate.wantsTo(agentName(task.agentType))
  if (kind === 'budget') return strings.gate.budgetOf
  if (kind === 'checkpoint') return strings.gate.checkpointOf
  return kind === 'branch' ? strings.gate.branchOf : strings.gate.waitsBefore(stageName)
}

/** The age of the question, and its default action with its time. */
function GateDeadline({ task, gate }: { task: GateTask; gate: PendingGate }) {
  return useTicking((now) => deadlineText(task, gate, now))
}

function deadlineText(task: GateTask, gate: PendingGate, now: number): string {
  const asked = strings.gate.asked(
    formatRoughDuration(now - Date.parse(gate.requestedAt), strings.units),
  )
  if (!gate.expiresAt) return joinSentences([asked, strings.gate.noDeadline], locale)
  const time = formatTime(new Date(gate.expiresAt), locale, new Date(now))
  const effect =
    gate.kind === 'permission'
      ? strings.gate.deniedAt(time)
      : gate.kind === 'question'
        ? strings.gate.resumesAt(agentName(task.agentType), time)
        : strings.gate.failsAt(time)
  return joinSentences([asked, effect], locale)
}
