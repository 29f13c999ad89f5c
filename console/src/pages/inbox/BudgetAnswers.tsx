import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { AnswerButtons } from '../../components/gate/AnswerButtons'
import { Answers } from '../../components/gate/Answers'
import { locale, strings } from '../../i18n'
import { formatCompact, formatInteger, formatMoney } from '../../lib/format/numbers'
import { gateAnswer, useAnswerGate } from '../../queries/gates'
import styles from './Inbox.module.css'

type Gate = Schemas['PendingGate']

/** Answers to a used-up budget: continue with the same or another amount, or stop the task. */
export function BudgetAnswers(props: { taskId: number; gate: Gate; hasKeys: boolean }) {
  const { taskId, gate, hasKeys } = props
  const [isOther, chooseOther] = useState(false)
  const answer = useAnswerGate(taskId)
  const isOff = answer.isPending || answer.isSuccess
  if (isOther) return <Answers taskId={taskId} gate={gate} hasKeys={hasKeys} />
  const more = sameAmountText(gate)
  return (
    <div className={styles.budget}>
      <AnswerButtons
        taskId={taskId}
        options={[
          {
            result: 'continue',
            name: more ? strings.inbox.continueWith(more) : strings.inbox.continueSame,
            isMain: true,
          },
          { result: 'stop', name: strings.gate.stop, isBad: true, ending: 'stop' },
        ]}
        isLong={false}
        isOff={isOff}
        hasKeys={hasKeys}
        send={(response) => answer.mutate(gateAnswer(gate, response))}
      />
      {hasKeys && (
        <Button variant="quiet" disabled={isOff} onClick={() => chooseOther(true)}>
          {strings.inbox.otherAmount}
        </Button>
      )}
    </div>
  )
}

/** Returns the same amount of the budget as text; empty if several budgets are used up. */
function sameAmountText({ budgets }: Gate): string {
  const [one, ...others] = budgets ?? []
  if (!one || others.length > 0) return ''
  const { minutes, tokens, cost } = one.budget
  const figures = [
    minutes != null && strings.gate.minutesOf(formatInteger(Math.round(minutes), locale)),
    tokens != null && strings.gate.tokensOf(formatCompact(tokens, locale)),
    cost != null && formatMoney(cost, locale),
  ]
  return figures.filter(Boolean).join(strings.common.separators.clause)
}
