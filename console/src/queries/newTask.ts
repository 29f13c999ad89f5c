import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

type CreateTaskInput = { body: Schemas['NewTask']; idempotencyKey: string }

/** Creates a task; requests with the same `idempotencyKey` create it only once. */
export function useCreateTask() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ body, idempotencyKey }: CreateTaskInput) =>
      data(
        api.POST('/api/web/tasks', {
          body,
          params: { header: { 'Idempotency-Key': idempotencyKey } },
        }),
      ),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ['tasks'] }),
  })
}
