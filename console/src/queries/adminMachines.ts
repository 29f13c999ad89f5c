import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'
import { cursorList } from './pagination'

const LIMIT = 100

// The key starts like that of the other machine queries, so that their updates invalidate it.
const machines = cursorList(['machines', 'admin'], (cursor) =>
  data(api.GET('/api/admin/machines', { params: { query: { limit: LIMIT, cursor } } })),
)
const tokens = cursorList(['admin', 'worker-tokens'], (cursor) =>
  data(api.GET('/api/admin/worker-tokens', { params: { query: { limit: LIMIT, cursor } } })),
)

export const useAllMachines = () => useInfiniteQuery(machines)
export const useWorkerTokens = () => useInfiniteQuery(tokens)

export async function changeMachine(machineId: string, body: Schemas['MachineChange']) {
  const params = { path: { machineId } }
  await data(api.PUT('/api/admin/machines/{machineId}', { params, body }))
  await invalidateMachines()
}

export async function decommission(machineId: string, dead: boolean) {
  const params = { path: { machineId }, query: { dead } }
  await data(api.DELETE('/api/admin/machines/{machineId}', { params }))
  await invalidateMachines()
}

export async function createWorkerToken(body: Schemas['NewEnrollmentToken']) {
  const created = await data(api.POST('/api/admin/worker-tokens', { body }))
  await cache.invalidateQueries({ queryKey: tokens.queryKey })
  return created.token
}

export async function revokeWorkerToken(tokenId: number) {
  await data(
    api.POST('/api/admin/worker-tokens/{tokenId}/revoke', { params: { path: { tokenId } } }),
  )
  await cache.invalidateQueries({ queryKey: tokens.queryKey })
}

async function invalidateMachines() {
  await cache.invalidateQueries({ queryKey: ['machines'] })
  await cache.invalidateQueries({ queryKey: ['machine'] })
}
