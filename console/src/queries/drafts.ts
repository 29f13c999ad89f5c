import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type Draft = Schemas['Draft']
export type DraftChanges = Schemas['DraftChanges']

const PAGE_LIMIT = 200
/** The browser's limit for requests that outlive their page is 64 KiB in total, including
 *  overhead. */
const MAX_KEEPALIVE_BYTES = 60_000
/** A draft saved while its page was left may still be on its way: look for it once after this
 *  time. */
const PENDING_SAVE_MILLISECONDS = 2_000

export const drafts = queryOptions({
  queryKey: ['drafts'],
  queryFn: async () => {
    const params = { query: { limit: PAGE_LIMIT } }
    return (await data(api.GET('/api/web/profile/drafts', { params }))).items
  },
})

export const useDrafts = () =>
  useQuery({
    ...drafts,
    refetchInterval: (query) => query.state.dataUpdateCount < 2 && PENDING_SAVE_MILLISECONDS,
  }).data

const sizeOf = (body: DraftChanges) => new TextEncoder().encode(JSON.stringify(body)).length
const pathParams = (draftId: number) => ({ params: { path: { draftId } } })

export function useDraftActions() {
  const cache = useQueryClient()
  const invalidate = () => void cache.invalidateQueries({ queryKey: drafts.queryKey })
  return {
    /** Saves the draft, as a new one if `id` is null. Returns its ID. */
    save: async (id: number | null, body: DraftChanges): Promise<number> => {
      const options = { body, keepalive: sizeOf(body) < MAX_KEEPALIVE_BYTES }
      const kept =
        id === null
          ? await data(api.POST('/api/web/profile/drafts', options))
          : await data(
              api.PUT('/api/web/profile/drafts/{draftId}', { ...pathParams(id), ...options }),
            )
      invalidate()
      return kept.id
    },
    remove: async (id: number): Promise<void> => {
      await data(api.DELETE('/api/web/profile/drafts/{draftId}', pathParams(id)))
      invalidate()
    },
  }
}
