import { useMemo } from 'react'
import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { textIn } from '../../lib/task/entryData'
import { useMe } from '../../queries/me'
import { type TaskListener, useTaskStream } from '../../realtime/taskStream'
import { showToast } from '../../state/toasts'
import styles from './Gate.module.css'
import { GateBox, questionOf } from './GateBox'
import { QuestionReminder } from './QuestionReminder'

type Props = {
  task: Schemas['TaskDetail']
  /** The review beside the diff answers it. */
  isAnsweredBeside?: boolean
}

/** A task's open question, above the task's tabs. If another user answers it meanwhile, a toast
 *  shows who, and the answer. */
export function TaskGate({ task, isAnsweredBeside = false }: Props) {
  const { gate } = task
  const canAnswer = task.allowedActions.includes('answer')
  useAnswerToasts(task.id)
  if (!gate) return null
  return (
    <div className={styles.place}>
      <GateBox
        key={`${gate.round}-${gate.stageIndex}-${gate.number}`}
        task={task}
        gate={gate}
        canAnswer={canAnswer}
        isAnsweredBeside={isAnsweredBeside}
      />
      {canAnswer && !isAnsweredBeside && <QuestionReminder question={questionOf(gate)} />}
    </div>
  )
}

function useAnswerToasts(taskId: number): void {
  const me = useMe()?.id
  const listener = useMemo(
    (): TaskListener => ({
      events: (events) => {
        for (const { data } of events) {
          if (!data.answeredBy || data.answeredBy.id === me) continue
          showToast(strings.gate.answered(data.answeredBy.name, textIn(data, 'result') ?? ''))
        }
      },
    }),
    [me],
  )
  useTaskStream(taskId, listener)
}
