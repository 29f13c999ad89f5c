import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

/** By which ways people sign in here. Known also before one is. */
export const providers = queryOptions({
  queryKey: ['providers'],
  queryFn: () => data(api.GET('/api/auth/providers')),
})

export const useProviders = () => useQuery(providers).data

/** Prove that it is you: by a password, a code, or (then `url` is where to go) a provider. */
export const submitReauthentication = (body: Schemas['Reauthentication']) =>
  data(api.POST('/api/auth/reauthenticate', { body }))
