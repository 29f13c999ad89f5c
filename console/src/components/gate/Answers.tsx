import { gateAnswer, type PendingGate, useAnswerGate } from '../../queries/gates'
import { AnswerButtons } from './AnswerButtons'
import { type Option, optionsOf, type Send } from './answerOptions'
import { BudgetAnswer } from './BudgetAnswer'
import { ConfirmAnswers } from './ConfirmAnswers'
import { PermissionAnswers } from './PermissionAnswers'
import { TextAnswer } from './TextAnswer'

/** The possible answers to a question. Disabled from the click until the server has responded and
 *  its response is displayed. `hasKeys`: keys 1 to 9 select an answer. */
export function Answers(props: {
  taskId: number
  gate: PendingGate
  canRequestChanges?: boolean
  canAllowAlways?: boolean
  hasKeys?: boolean
  /** An answer needs a text, whose field opens. */
  onWrite?: () => void
}) {
  const { taskId, gate, canRequestChanges = false } = props
  const answer = useAnswerGate(props.taskId)
  const isOff = answer.isPending || answer.isSuccess
  const send: Send = (response) => answer.mutate(gateAnswer(gate, response))
  const options: Option[] = optionsOf(gate)
  const drawn = { taskId, isOff, send, hasKeys: props.hasKeys ?? false }
  if (gate.kind === 'confirm') {
    const { onWrite } = props
    return <ConfirmAnswers {...drawn} {...{ gate, canRequestChanges, onWrite }} />
  }
  if (gate.kind === 'permission') {
    return (
      <PermissionAnswers {...drawn} gate={gate} canAllowAlways={props.canAllowAlways ?? false} />
    )
  }
  if (gate.kind === 'budget') return <BudgetAnswer {...drawn} gate={gate} />
  if (options.length === 0) return <TextAnswer {...drawn} />
  return (
    <AnswerButtons
      {...drawn}
      options={options}
      isLong={['question', 'checkpoint', 'branch'].includes(gate.kind)}
      // An agent receives only the answer to its question, without a comment.
      takesComment={gate.kind !== 'question'}
    />
  )
}
