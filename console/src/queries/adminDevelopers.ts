import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'
import { cursorList } from './pagination'

const LIMIT = 100

const developers = cursorList(['admin', 'developers'], (cursor) =>
  data(api.GET('/api/admin/developers', { params: { query: { limit: LIMIT, cursor } } })),
)
const identities = (developerId: number) =>
  cursorList(['admin', 'identities', developerId], (cursor) =>
    data(
      api.GET('/api/admin/developers/{developerId}/identities', {
        params: { path: { developerId }, query: { limit: LIMIT, cursor } },
      }),
    ),
  )

export const useDevelopers = () => useInfiniteQuery(developers)
export const useIdentities = (developerId: number) => useInfiniteQuery(identities(developerId))

const pathParams = (developerId: number) => ({ params: { path: { developerId } } })
const invalidate = (what: string) => cache.invalidateQueries({ queryKey: ['admin', what] })

export async function changeDeveloper(developerId: number, body: Schemas['DeveloperChanges']) {
  await data(api.PUT('/api/admin/developers/{developerId}', { ...pathParams(developerId), body }))
  await invalidate('developers')
}

export async function resetSecondFactor(developerId: number) {
  await data(api.PUT('/api/admin/developers/{developerId}/reset-totp', pathParams(developerId)))
  await invalidate('developers')
}

export async function endDeveloperSessions(developerId: number) {
  await data(api.DELETE('/api/admin/developers/{developerId}/sessions', pathParams(developerId)))
}

export async function linkIdentity(developerId: number, body: Schemas['NewIdentity']) {
  await data(
    api.POST('/api/admin/developers/{developerId}/identities', {
      ...pathParams(developerId),
      body,
    }),
  )
  await invalidate('identities')
}

export async function unlinkIdentity(developerId: number, identityId: number) {
  await data(
    api.DELETE('/api/admin/developers/{developerId}/identities/{identityId}', {
      params: { path: { developerId, identityId } },
    }),
  )
  await invalidate('identities')
}
