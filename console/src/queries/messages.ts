/** People's messages to a task's agent. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import type { Message, NewMessage } from '../lib/task/messages'
import { invalidateTask } from './task'

const MAX_MESSAGES = 200

const pathParams = (taskId: number) => ({ path: { taskId } })

/** Fetches the newest messages, oldest first. */
export function useMessages(taskId: number) {
  return useQuery({
    queryKey: ['task', taskId, 'messages'],
    queryFn: async (): Promise<Message[]> => {
      const params = { ...pathParams(taskId), query: { limit: MAX_MESSAGES } }
      const { items } = await data(api.GET('/api/web/tasks/{taskId}/messages', { params }))
      return items.toSorted((one, other) => one.number - other.number)
    },
  })
}

/** Sends a message. `key` prevents a duplicate when it is resent because its response was lost. */
export function useSendMessage(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ key, ...body }: NewMessage & { key: string }) =>
      data(
        api.POST('/api/web/tasks/{taskId}/messages', {
          params: { ...pathParams(taskId), header: { 'Idempotency-Key': key } },
          body,
        }),
      ),
    onSettled: () => invalidateTask(cache, taskId),
  })
}

export function useWithdrawMessage(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (messageId: number) =>
      data(
        api.DELETE('/api/web/tasks/{taskId}/messages/{messageId}', {
          params: { path: { taskId, messageId } },
        }),
      ),
    onSettled: () => invalidateTask(cache, taskId),
  })
}

/** Stops the agent's step, or its stage. It then asks what to do. */
export function useInterrupt(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: Schemas['InterruptOptions']) =>
      data(api.POST('/api/web/tasks/{taskId}/interrupt', { params: pathParams(taskId), body })),
    onSettled: () => invalidateTask(cache, taskId),
  })
}
