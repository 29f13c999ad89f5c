import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { money, short, whole } from '../../lib/numbers'
import { answerTo, useAnswer } from '../../queries/gates'
import { Button } from '../../ui/Button'
import { locale, words } from '../../words'
import { Answers } from '../gate/Answers'
import { Pressed } from '../gate/Pressed'
import styles from './Needs.module.css'

type Gate = Schemas['PendingGate']

/** Let the task go on with as much once more, or with another amount, or stop it. */
export function BudgetAnswers(props: { taskId: number; gate: Gate; hasKeys: boolean }) {
  const { taskId, gate, hasKeys } = props
  const [isOther, chooseOther] = useState(false)
  const answer = useAnswer(taskId)
  const isOff = answer.isPending || answer.isSuccess
  if (isOther) return <Answers taskId={taskId} gate={gate} hasKeys={hasKeys} />
  const more = moreOf(gate)
  return (
    <div className={styles.budget}>
      <Pressed
        options={[
          {
            result: 'continue',
            name: more ? words.needs.goOnWith(more) : words.needs.goOn,
            isMain: true,
          },
          { result: 'stop', name: words.gate.stop, isBad: true },
        ]}
        isLong={false}
        isOff={isOff}
        hasKeys={hasKeys}
        send={(said) => answer.mutate(answerTo(gate, said))}
      />
      {hasKeys && (
        <Button look="quiet" disabled={isOff} onClick={() => chooseOther(true)}>
          {words.needs.otherAmount}
        </Button>
      )}
    </div>
  )
}

/** What one budget gives once more, in words; empty where several are used up. */
function moreOf({ budgets }: Gate): string {
  const [one, ...others] = budgets ?? []
  if (!one || others.length > 0) return ''
  const { minutes, tokens, cost } = one.budget
  const said = [
    minutes != null && words.gate.minutesOf(whole(Math.round(minutes), locale)),
    tokens != null && words.gate.tokensOf(short(tokens, locale)),
    cost != null && money(cost, locale),
  ]
  return said.filter(Boolean).join(', ')
}
