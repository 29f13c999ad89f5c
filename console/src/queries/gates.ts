/** A task's open question, and its answer. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { asProblem } from '../api/problem'
import { strings } from '../i18n'
import { showErrorToast, showToast } from '../state/toasts'
import { invalidateTask } from './task'

export type PendingGate = Schemas['PendingGate']
export type GateAnswer = Schemas['GateAnswer']
export type GateResponse = Pick<GateAnswer, 'result' | 'comment' | 'budget'>

/** Builds an answer to exactly this question, even if a retried task asks a similar one. */
export function gateAnswer(
  { round, stageIndex, number }: Pick<PendingGate, 'round' | 'stageIndex' | 'number'>,
  said: GateResponse,
): GateAnswer {
  return { round, stageIndex, number, ...said }
}

/** Whether a question of the task is open; it is fetched only then. */
export function isWaitingForAnswer(
  task: Pick<Schemas['TaskDetail'], 'status' | 'suspendReason' | 'waitingFor'>,
) {
  if (task.status === 'queued') return task.waitingFor?.reason === 'gate'
  return (
    task.status === 'suspended' && ['gate', 'question', 'budget'].includes(`${task.suspendReason}`)
  )
}

/** Fetches the open question; null if there is none. Fetched again whenever the task has
 *  changed. */
export function useGate(task: Schemas['TaskDetail'] | undefined) {
  const taskId = task?.id ?? 0
  return useQuery({
    queryKey: ['gate', taskId, task?.updatedAt],
    queryFn: async () => {
      const asked = api.GET('/api/web/tasks/{taskId}/pending-confirm', {
        params: { path: { taskId } },
      })
      // It may have been answered since the task was fetched.
      return data(asked).catch((error: unknown) => {
        if (asProblem(error).code === 'nothing_pending') return null
        throw error
      })
    },
    enabled: task !== undefined && isWaitingForAnswer(task),
    placeholderData: (before: PendingGate | null | undefined) =>
      before?.taskId === taskId ? before : undefined,
  })
}

const LATE_ANSWER_CODES = ['already_answered', 'no_open_gate', 'wrong_stage', 'wrong_round']

/** Answers a question. Not optimistic: of several concurrent answers one wins, and the others show
 *  who gave it. */
export function useAnswerGate(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: GateAnswer) =>
      data(
        api.POST('/api/web/tasks/{taskId}/confirm-stage', { params: { path: { taskId } }, body }),
      ),
    onError: (error) => {
      const { code, answeredBy } = asProblem(error)
      if (!LATE_ANSWER_CODES.includes(code)) return showErrorToast(error)
      showToast(answeredBy ? strings.gate.answeredFirst(answeredBy.name) : strings.gate.closed)
    },
    // The question is fetched only when the task has an open one; before that it would be a 404.
    onSettled: () => invalidateTask(cache, taskId),
  })
}
