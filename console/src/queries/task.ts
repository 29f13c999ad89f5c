/** One task, and the actions on it. */
import {
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type TaskDetail = Schemas['TaskDetail']

const pathParams = (taskId: number) => ({ params: { path: { taskId } } })

export const task = (taskId: number) =>
  queryOptions({
    queryKey: ['task', taskId],
    queryFn: () => data(api.GET('/api/web/tasks/{taskId}', pathParams(taskId))),
  })

export const useTask = (taskId: number) => useQuery(task(taskId))

/** Fetches the details of a task that a list shows in short. Throws Problem. */
export function useFetchTask() {
  const cache = useQueryClient()
  return (taskId: number) => cache.fetchQuery(task(taskId))
}

/** Invalidates the task and the lists that may contain it. */
export function invalidateTask(cache: QueryClient, taskId: number): void {
  void cache.invalidateQueries({ queryKey: ['task', taskId] })
  for (const list of ['tasks', 'inbox', 'dashboard']) {
    void cache.invalidateQueries({ queryKey: [list] })
  }
}

export function useCancelTask(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => data(api.POST('/api/web/tasks/{taskId}/cancel', pathParams(taskId))),
    onSettled: () => invalidateTask(cache, taskId),
  })
}

export function useRetryTask(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (fromStage: number) =>
      data(
        api.POST('/api/web/tasks/{taskId}/retry', { ...pathParams(taskId), body: { fromStage } }),
      ),
    onSettled: () => invalidateTask(cache, taskId),
  })
}

/** Downloads the signed evidence bundle of the task. */
export async function fetchEvidence(taskId: number): Promise<Blob> {
  const path = '/api/web/tasks/{taskId}/evidence'
  return data(
    api.GET(path, { ...pathParams(taskId), parseAs: 'blob' }),
  ) as Promise<unknown> as Promise<Blob>
}
