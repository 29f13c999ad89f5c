import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

/** The ways to sign in. Available without a login. */
export const providers = queryOptions({
  queryKey: ['providers'],
  queryFn: () => data(api.GET('/api/auth/providers')),
})

export const useProviders = () => useQuery(providers).data

/** Reauthenticates with a password, a code or (then `url` is where to go) a provider. */
export const submitReauthentication = (body: Schemas['Reauthentication']) =>
  data(api.POST('/api/auth/reauthenticate', { body }))
