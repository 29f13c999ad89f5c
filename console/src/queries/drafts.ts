import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type Draft = Schemas['Draft']
export type DraftChanges = Schemas['DraftChanges']

const ALL = 200

export const drafts = queryOptions({
  queryKey: ['drafts'],
  queryFn: async () => {
    const params = { query: { limit: ALL } }
    return (await data(api.GET('/api/web/profile/drafts', { params }))).items
  },
})

export const useDrafts = () => useQuery(drafts).data

const at = (draftId: number) => ({ params: { path: { draftId } } })

export function useDraftActs() {
  const cache = useQueryClient()
  const stale = () => void cache.invalidateQueries({ queryKey: drafts.queryKey })
  return {
    /** Keep the draft, a new one where it has no number yet. Its number. */
    keep: async (id: number | null, body: DraftChanges): Promise<number> => {
      const kept =
        id === null
          ? await data(api.POST('/api/web/profile/drafts', { body }))
          : await data(api.PUT('/api/web/profile/drafts/{draftId}', { ...at(id), body }))
      stale()
      return kept.id
    },
    remove: async (id: number): Promise<void> => {
      await data(api.DELETE('/api/web/profile/drafts/{draftId}', at(id)))
      stale()
    },
  }
}
