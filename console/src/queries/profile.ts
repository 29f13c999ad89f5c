import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'
import { me } from './me'
import { cursorList } from './pagination'

const LIMIT = 100

const sessions = cursorList(['profile', 'sessions'], (cursor) =>
  data(api.GET('/api/web/profile/sessions', { params: { query: { limit: LIMIT, cursor } } })),
)
const tokens = cursorList(['profile', 'tokens'], (cursor) =>
  data(api.GET('/api/web/profile/tokens', { params: { query: { limit: LIMIT, cursor } } })),
)
const preferences = queryOptions({
  queryKey: ['profile', 'notifications'],
  queryFn: () => data(api.GET('/api/web/profile/notifications')),
})
const budget = queryOptions({
  queryKey: ['profile', 'budget'],
  queryFn: () => data(api.GET('/api/web/profile/budget')),
})

export const useSessions = () => useInfiniteQuery(sessions)
export const useTokens = () => useInfiniteQuery(tokens)
export const usePreferences = () => useQuery(preferences).data
export const useOwnBudget = () => useQuery(budget).data

export async function saveProfile(body: Schemas['ProfileChanges']) {
  cache.setQueryData(me.queryKey, await data(api.PUT('/api/web/profile', { body })))
}

export async function changePassword(body: Schemas['PasswordChange']) {
  await data(api.PUT('/api/web/profile/password', { body }))
  void cache.invalidateQueries({ queryKey: me.queryKey })
  await invalidate('sessions')
}

export const setUpSecondFactor = () => data(api.POST('/api/web/profile/totp/setup'))

export async function verifySecondFactor(code: string) {
  const verified = await data(api.POST('/api/web/profile/totp/verify', { body: { code } }))
  await cache.invalidateQueries({ queryKey: me.queryKey })
  return verified.recoveryCodes
}

export async function disableSecondFactor(password: string) {
  await data(api.POST('/api/web/profile/totp/disable', { body: { password } }))
  await cache.invalidateQueries({ queryKey: me.queryKey })
}

export async function endSession(sessionId: string) {
  const params = { path: { sessionId } }
  await data(api.DELETE('/api/web/profile/sessions/{sessionId}', { params }))
  await invalidate('sessions')
}

export async function endOtherSessions() {
  await data(api.DELETE('/api/web/profile/sessions', { params: { query: { others: true } } }))
  await invalidate('sessions')
}

export async function createToken(body: Schemas['NewPersonalToken']) {
  const created = await data(api.POST('/api/web/profile/tokens', { body }))
  await invalidate('tokens')
  return created.token
}

export async function revokeToken(tokenId: number) {
  const params = { path: { tokenId } }
  await data(api.POST('/api/web/profile/tokens/{tokenId}/revoke', { params }))
  await invalidate('tokens')
}

export const linkChat = () => data(api.POST('/api/web/profile/chat-token'))

export async function savePreferences(body: Schemas['PreferenceChanges']) {
  const saved = await data(api.PUT('/api/web/profile/notifications', { body }))
  cache.setQueryData(preferences.queryKey, saved)
}

/** Updates the cached preferences optimistically; the caller restores them if the server
 *  refuses. */
export function setCachedPreferences(saved: Schemas['Preferences']) {
  cache.setQueryData(preferences.queryKey, saved)
}

const invalidate = (what: string) => cache.invalidateQueries({ queryKey: ['profile', what] })
