import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'

const settings = queryOptions({
  queryKey: ['admin', 'settings'],
  queryFn: () => data(api.GET('/api/admin/settings')),
})

export const useSettings = (enabled = true) => useQuery({ ...settings, enabled })

/** The server's public URL, used in links; empty if not configured. */
export function usePublicUrl(): string {
  const url = useSettings().data?.settings.publicUrl
  return typeof url === 'string' ? url : ''
}

export async function saveSettings(body: Schemas['SettingChanges']) {
  cache.setQueryData(settings.queryKey, await data(api.PUT('/api/admin/settings', { body })))
}
