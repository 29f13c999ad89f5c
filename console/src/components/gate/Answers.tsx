import { gateAnswer, type PendingGate, useAnswerGate } from '../../queries/gates'
import { AnswerButtons } from './AnswerButtons'
import { type Option, optionsOf, type Send } from './answerOptions'
import { BudgetAnswer } from './BudgetAnswer'
import { TextAnswer } from './TextAnswer'

/** The answers that a question takes. Off from the press until the server has spoken, and while what
 *  it said is not shown yet. `hasKeys`: 1 to 9 press them. */
export function Answers(props: { taskId: number; gate: PendingGate; hasKeys?: boolean }) {
  const { gate } = props
  const answer = useAnswerGate(props.taskId)
  const isOff = answer.isPending || answer.isSuccess
  const send: Send = (said) => answer.mutate(gateAnswer(gate, said))
  const options: Option[] = optionsOf(gate)
  const drawn = { isOff, send, hasKeys: props.hasKeys ?? false }
  if (gate.kind === 'budget') return <BudgetAnswer {...drawn} gate={gate} />
  if (options.length === 0) return <TextAnswer {...drawn} />
  return (
    <AnswerButtons
      {...drawn}
      options={options}
      isLong={['question', 'checkpoint', 'branch'].includes(gate.kind)}
      // An agent that asks is told the answer, and no more.
      takesComment={gate.kind !== 'question'}
    />
  )
}
