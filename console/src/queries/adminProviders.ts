import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { providers as ways } from './auth'
import { cache } from './cache'
import { cursorList } from './pagination'

const providers = cursorList(['admin', 'providers'], (cursor) =>
  data(api.GET('/api/admin/identity-providers', { params: { query: { cursor } } })),
)

export const useIdentityProviders = () => useInfiniteQuery(providers)

const pathParams = (providerId: number) => ({ params: { path: { providerId } } })

async function invalidateProviders() {
  await cache.invalidateQueries({ queryKey: ways.queryKey })
  await cache.invalidateQueries({ queryKey: providers.queryKey })
}

export async function createProvider(body: Schemas['NewProvider']) {
  await data(api.POST('/api/admin/identity-providers', { body }))
  await invalidateProviders()
}

export async function changeProvider(providerId: number, body: Schemas['ProviderChanges']) {
  await data(
    api.PUT('/api/admin/identity-providers/{providerId}', { ...pathParams(providerId), body }),
  )
  await invalidateProviders()
}

export async function deleteProvider(providerId: number) {
  await data(api.DELETE('/api/admin/identity-providers/{providerId}', pathParams(providerId)))
  await invalidateProviders()
}
