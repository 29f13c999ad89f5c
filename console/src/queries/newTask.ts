import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

type Asked = { body: Schemas['NewTask']; once: string }

/** Creates a task; with the same `once` it is created once, however often it is asked for. */
export function useCreateTask() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ body, once }: Asked) =>
      data(api.POST('/api/web/tasks', { body, params: { header: { 'Idempotency-Key': once } } })),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ['tasks'] }),
  })
}
