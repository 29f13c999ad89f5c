/** What an empty server needs until its first task completes. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, data, type Schemas } from '../api/client'
import { onStreamUpdate } from '../realtime/stream'
import { showErrorToast } from '../state/toasts'

type GettingStarted = Schemas['GettingStarted']
export type Step = Schemas['GettingStartedStep']

const REFETCH_MILLISECONDS = 5000

/** No stream sends accounts, projects and tokens, so it's fetched again while it's shown. */
const gettingStarted = queryOptions({
  queryKey: ['getting-started'],
  queryFn: ({ signal }) => data(api.GET('/api/web/getting-started', { signal })),
  refetchInterval: ({ state }) => isShown(state.data) && REFETCH_MILLISECONDS,
})

const isShown = (started: GettingStarted | undefined) =>
  started?.dismissedAt === null && started.steps.some(({ state }) => state !== 'done')

/** Returns the steps; null if they aren't shown, undefined while that's unknown. */
export function useGettingStarted(): Step[] | null | undefined {
  const { data: started, isPending } = useQuery(gettingStarted)
  if (isPending) return undefined
  return started && isShown(started) ? started.steps : null
}

/** Fetches the steps again when tasks or machines change. */
export function useGettingStartedUpdates(): void {
  const cache = useQueryClient()
  useEffect(
    () =>
      onStreamUpdate(
        ({ events, machines }) => {
          // Nobody needs them again once they are done, and tasks change all the time.
          if (!isShown(cache.getQueryData(gettingStarted.queryKey))) return
          if (events.length > 0 || machines === null || machines.length > 0)
            void cache.invalidateQueries({ queryKey: gettingStarted.queryKey })
        },
        () => {}, // everything is fetched again
      ),
    [cache],
  )
}

/** Dismisses the steps for everyone. */
export function useDismissGettingStarted() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => data(api.PUT('/api/web/getting-started', { body: { dismissed: true } })),
    onSuccess: (started) => cache.setQueryData(gettingStarted.queryKey, started),
    onError: showErrorToast,
  })
}
