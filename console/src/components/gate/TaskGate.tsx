import { useMemo } from 'react'
import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { textIn } from '../../lib/task/entryData'
import type { PendingGate } from '../../queries/gates'
import { useMe } from '../../queries/me'
import { type TaskListener, useTaskStream } from '../../realtime/taskStream'
import { showToast } from '../../state/toasts'
import { useScrolledPast } from '../hooks/useScrolledPast'
import styles from './Gate.module.css'
import { GateBox } from './GateBox'

type Props = {
  task: Schemas['TaskDetail']
  /** The review beside the diff answers it. */
  isAnsweredBeside?: boolean
}

/** A task's open question, below the task's tabs. Scrolled out of sight, it folds to a line that
 *  stays. If another user answers it meanwhile, a toast shows who, and the answer. */
export function TaskGate({ task, isAnsweredBeside = false }: Props) {
  const { gate } = task
  useAnswerToasts(task.id)
  if (!gate) return null
  return (
    <OpenGate
      key={`${gate.round}-${gate.stageIndex}-${gate.number}`}
      task={task}
      gate={gate}
      isAnsweredBeside={isAnsweredBeside}
    />
  )
}

function OpenGate({ task, gate, isAnsweredBeside }: Required<Props> & { gate: PendingGate }) {
  const [place, hiddenHeight] = useScrolledPast<HTMLDivElement>(isAnsweredBeside)
  const canAnswer = task.allowedActions.includes('answer')
  const isFolded = canAnswer && !isAnsweredBeside && hiddenHeight !== null
  return (
    // Its place keeps its height, so that nothing moves when it folds.
    <div
      ref={place}
      id="question"
      className={styles.place}
      style={isFolded ? { height: hiddenHeight } : undefined}
    >
      <GateBox
        task={task}
        gate={gate}
        canAnswer={canAnswer}
        isAnsweredBeside={isAnsweredBeside}
        isFolded={isFolded}
      />
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
