/** A check of a project, saved or new. It is short-lived and no stream reports it, so it is polled. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export type CheckResult = Schemas['ProjectCheckResult']
export type CheckStep = Schemas['CheckStep']

const POLL_MS = 700

/** Checks the project with that key; without one, a project that isn't created yet. */
export function useProjectCheck(key: string | null) {
  const started = useMutation({
    mutationFn: async (body: Schemas['ProjectCheck']) =>
      key === null
        ? data(api.POST('/api/admin/projects/-/checks', { body }))
        : data(api.POST('/api/web/projects/{key}/checks', { params: { path: { key } }, body })),
  })
  const checkId = started.data?.id ?? ''
  const result = useQuery({
    queryKey: ['project-check', key, checkId],
    queryFn: () => fetchCheck(key, checkId),
    enabled: checkId !== '',
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
    gcTime: 0,
  })
  return {
    start: started.mutate,
    error: started.error ?? result.error,
    isRunning:
      started.isPending ||
      (checkId !== '' && (result.data?.state ?? 'running') === 'running' && !result.error),
    result: started.isPending ? undefined : result.data,
  }
}

const fetchCheck = (key: string | null, checkId: string) =>
  key === null
    ? data(api.GET('/api/admin/projects/-/checks/{checkId}', { params: { path: { checkId } } }))
    : data(
        api.GET('/api/web/projects/{key}/checks/{checkId}', { params: { path: { key, checkId } } }),
      )
