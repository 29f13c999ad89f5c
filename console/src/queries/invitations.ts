import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'
import { cursorList } from './pagination'

const invitations = cursorList(['admin', 'invitations'], (cursor) =>
  data(api.GET('/api/admin/invitations', { params: { query: { limit: 100, cursor } } })),
)

export const useInvitations = () => useInfiniteQuery(invitations)

/** Creates an invitation, and returns its link, which is shown once. */
export async function createInvitation(body: Schemas['NewInvitation']) {
  const created = await data(api.POST('/api/admin/invitations', { body }))
  await cache.invalidateQueries({ queryKey: invitations.queryKey })
  return created.link
}

export async function withdrawInvitation(invitationId: number) {
  const params = { path: { invitationId } }
  await data(api.DELETE('/api/admin/invitations/{invitationId}', { params }))
  await cache.invalidateQueries({ queryKey: invitations.queryKey })
}

/** What the link's secret offers. Available without a login. */
export const inspectInvitation = (token: string) =>
  data(api.POST('/api/auth/invitations/inspect', { body: { token } }))

/** Creates the account, or returns the provider's `url`, which continues. */
export const acceptInvitation = (body: Schemas['InvitationAnswer']) =>
  data(api.POST('/api/auth/invitations/accept', { body }))
