/** The follow-ups on a task's work, by round. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { invalidateTask } from './task'

const pathParams = (taskId: number) => ({ path: { taskId } })

/** Fetches follow-ups, newest first. */
export function useFollowUps(taskId: number, enabled = true) {
  return useQuery({
    enabled,
    queryKey: ['task', taskId, 'followUps'],
    queryFn: async () => {
      const params = { ...pathParams(taskId), query: { limit: 200 } }
      return (await data(api.GET('/api/web/tasks/{taskId}/follow-ups', { params }))).items
    },
  })
}

/** Creates a follow-up. `key` prevents a duplicate when it is resent because its response was
 *  lost. */
export function useCreateFollowUp(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ key, ...body }: Schemas['NewFollowUp'] & { key: string }) =>
      data(
        api.POST('/api/web/tasks/{taskId}/follow-ups', {
          params: { ...pathParams(taskId), header: { 'Idempotency-Key': key } },
          body,
        }),
      ),
    onSettled: () => invalidateTask(cache, taskId),
  })
}

/** Sends a task's failed check back to the agent before it. */
export function useSendBack(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () =>
      data(api.POST('/api/web/tasks/{taskId}/send-back', { params: pathParams(taskId) })),
    onSettled: () => invalidateTask(cache, taskId),
  })
}

export function useWithdrawFollowUp(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (followUpId: number) =>
      data(
        api.DELETE('/api/web/tasks/{taskId}/follow-ups/{followUpId}', {
          params: { path: { taskId, followUpId } },
        }),
      ),
    onSettled: () => invalidateTask(cache, taskId),
  })
}
