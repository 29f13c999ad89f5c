import { useMemo } from 'react'
import type { Schemas } from '../../api/client'
import { winnerOf } from '../../lib/winner'
import { type TaskListener, useTaskStream } from '../../live/taskStream'
import { isAsked, useGate } from '../../queries/gates'
import { useMe } from '../../queries/me'
import { say } from '../../ui/toasts'
import { words } from '../../words'
import { useMay } from '../task/useMay'
import styles from './Gate.module.css'
import { GateBox, questionOf } from './GateBox'
import { Nudge } from './Nudge'

/** Where a task's open question stands, above its views. Who looks at it while somebody else answers
 *  is told who, and what. */
export function GatePlace({ task }: { task: Schemas['TaskDetail'] }) {
  const { data: gate } = useGate(task)
  const mayAnswer = useMay(task).answer
  useTellsOfOthers(task.id)
  if (!gate || !isAsked(task)) return null
  return (
    <div className={styles.place}>
      <GateBox
        key={`${gate.round}-${gate.stageIndex}-${gate.number}`}
        task={task}
        gate={gate}
        mayAnswer={mayAnswer}
      />
      {mayAnswer && <Nudge question={questionOf(gate)} />}
    </div>
  )
}

function useTellsOfOthers(taskId: number): void {
  const me = useMe()?.id
  const listener = useMemo(
    (): TaskListener => ({
      events: (events) => {
        for (const event of events) {
          const won = winnerOf(event)
          if (won && won.id !== me) say(words.gate.answered(won.who, won.said))
        }
      },
    }),
    [me],
  )
  useTaskStream(taskId, listener)
}
