import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type SavedView = Schemas['SavedView']

const PAGE_LIMIT = 200

const views = queryOptions({
  queryKey: ['savedViews'],
  queryFn: async () => {
    const params = { query: { limit: PAGE_LIMIT } }
    return (await data(api.GET('/api/web/profile/views', { params }))).items
  },
})

export const useSavedViews = () => useQuery(views).data ?? []

const pathParams = (viewId: number) => ({ params: { path: { viewId } } })

/** Actions on saved views; the list is fetched again after each. */
export function useViewActions() {
  const cache = useQueryClient()
  const onSettled = () => cache.invalidateQueries({ queryKey: views.queryKey })
  const create = useMutation({
    mutationFn: (body: Schemas['NewView']) => data(api.POST('/api/web/profile/views', { body })),
    onSettled,
  })
  const change = useMutation({
    mutationFn: ({ id, ...body }: Schemas['ViewChanges'] & { id: number }) =>
      data(api.PUT('/api/web/profile/views/{viewId}', { ...pathParams(id), body })),
    onSettled,
  })
  const remove = useMutation({
    mutationFn: (id: number) => data(api.DELETE('/api/web/profile/views/{viewId}', pathParams(id))),
    onSettled,
  })
  return { create, change, remove }
}
