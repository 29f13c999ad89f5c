/** A task's workspace on its machine, and its tunnel. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '../api/client'
import { invalidateTask } from './task'

const pathParams = (taskId: number) => ({ params: { path: { taskId } } })

/** Fetches the workspace if one was created; otherwise there is none. */
export function useWorkspace(taskId: number, isMade: boolean) {
  return useQuery({
    queryKey: ['task', taskId, 'workspace'],
    queryFn: () => data(api.GET('/api/web/workspaces/{taskId}', pathParams(taskId))),
    enabled: isMade,
  })
}

export function useTunnel(taskId: number) {
  return useQuery({
    queryKey: ['task', taskId, 'tunnel'],
    queryFn: () => data(api.GET('/api/web/workspace-tunnel/{taskId}/status', pathParams(taskId))),
  })
}

export function useOpenTunnel(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (ttlSeconds: number) => {
      const path = '/api/web/workspace-tunnel/{taskId}/start'
      return data(api.POST(path, { ...pathParams(taskId), body: { ttlSeconds } }))
    },
    onSettled: () => invalidateTask(cache, taskId),
  })
}

export function useCloseTunnel(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => data(api.POST('/api/web/workspace-tunnel/{taskId}/stop', pathParams(taskId))),
    onSettled: () => invalidateTask(cache, taskId),
  })
}
