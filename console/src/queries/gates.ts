/** The question that a task waits with, and the answer to it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { asProblem } from '../api/problem'
import { winnerOf } from '../lib/winner'
import { say, sayBroken } from '../ui/toasts'
import { words } from '../words'
import { taskChanged } from './task'

export type PendingGate = Schemas['PendingGate']
export type GateAnswer = Schemas['GateAnswer']
export type Said = Pick<GateAnswer, 'result' | 'comment' | 'budget'>

/** An answer to this question and to no other, also where the task was retried and asks the like. */
export function answerTo(
  { round, stageIndex, number }: Pick<PendingGate, 'round' | 'stageIndex' | 'number'>,
  said: Said,
): GateAnswer {
  return { round, stageIndex, number, ...said }
}

/** Whether a question of the task is open: only then it is asked for. */
export function isAsked(
  task: Pick<Schemas['TaskDetail'], 'status' | 'suspendReason' | 'waitsFor'>,
) {
  if (task.status === 'queued') return task.waitsFor?.reason === 'gate'
  return (
    task.status === 'suspended' && ['gate', 'question', 'budget'].includes(`${task.suspendReason}`)
  )
}

/** The open question; null where there is none. Asked anew whenever the task has changed. */
export function useGate(task: Schemas['TaskDetail'] | undefined) {
  const taskId = task?.id ?? 0
  return useQuery({
    queryKey: ['gate', taskId, task?.updatedAt],
    queryFn: async () => {
      const asked = api.GET('/api/web/tasks/{taskId}/pending-confirm', {
        params: { path: { taskId } },
      })
      // It may have been answered since the task was read.
      return data(asked).catch((error: unknown) => {
        if (asProblem(error).code === 'nothing_pending') return null
        throw error
      })
    },
    enabled: task !== undefined && isAsked(task),
    placeholderData: (before: PendingGate | null | undefined) =>
      before?.taskId === taskId ? before : undefined,
  })
}

const TOO_LATE = ['already_answered', 'no_open_gate', 'wrong_stage', 'wrong_round']

/** Answer. Nothing is shown as done before the server has said so; of several who answer at once one
 *  wins, and the others are told who. */
export function useAnswer(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: GateAnswer) =>
      data(
        api.POST('/api/web/tasks/{taskId}/confirm-stage', { params: { path: { taskId } }, body }),
      ),
    onError: async (error) => {
      if (!TOO_LATE.includes(asProblem(error).code)) return sayBroken(error)
      const won = await winner(taskId).catch(() => null)
      say(won ? words.gate.faster(won.who, won.said) : words.gate.gone)
    },
    // The gate is asked for when the task says that one is open: before that it would be a 404.
    onSettled: () => taskChanged(cache, taskId),
  })
}

/** Who has answered last, and what. */
async function winner(taskId: number): Promise<{ who: string; said: string } | null> {
  const query = { type: 'confirmed', limit: 200 }
  const path = '/api/web/tasks/{taskId}/events'
  const { items } = await data(api.GET(path, { params: { path: { taskId }, query } }))
  const last = items.at(-1)
  return last ? winnerOf(last) : null
}
