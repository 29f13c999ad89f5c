/** The answer to a task's open question. The question itself is part of the task. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { asProblem } from '../api/problem'
import { strings } from '../i18n'
import { showErrorToast, showToast } from '../state/toasts'
import { invalidateTask } from './task'

export type PendingGate = Schemas['PendingGate']
export type GateAnswer = Schemas['GateAnswer']
export type GateResponse = Pick<GateAnswer, 'result' | 'comment' | 'budget' | 'always'>

/** Builds an answer to exactly this question, even if a retried task asks a similar one. */
export function gateAnswer(
  { round, stageIndex, number }: Pick<PendingGate, 'round' | 'stageIndex' | 'number'>,
  response: GateResponse,
): GateAnswer {
  return { round, stageIndex, number, ...response }
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
    onSettled: () => invalidateTask(cache, taskId),
  })
}
