/** The changes of tasks. Their keys are separate, because few of a task's events change them. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, authorizedFetch, data, type Schemas } from '../api/client'
import { parseProblem } from '../api/problem'
import { type DiffQuery, stageDiffs } from '../lib/diff/comparison'

const MAX_EVENTS = 500
const PAGE = 100

/** Fetches a diff page by page; a page has as many files as fit into 4 MiB. */
export function useDiff(taskId: number, which: DiffQuery, ignoreWhitespace: boolean) {
  return useInfiniteQuery({
    queryKey: ['diff', taskId, 'files', which, ignoreWhitespace],
    queryFn: async ({ pageParam: offset, signal }) => {
      const query = { ...which, ignoreWhitespace, offset }
      const params = { path: { taskId }, query }
      const asked = api.GET('/api/web/tasks/{taskId}/diff', { params, signal })
      // The other response type, a patch, isn't requested here.
      return (await data(asked)) as Schemas['TaskDiff']
    },
    initialPageParam: 0,
    getNextPageParam: (page) => page.nextOffset,
  })
}

/** Fetches the stages, by attempt and round, that reported changes. */
export function useStageDiffs(taskId: number, isEnabled = true) {
  return useQuery({
    enabled: isEnabled,
    queryKey: ['diff', taskId, 'stages'],
    queryFn: async () => {
      const found = []
      for (let offset = 0; offset < MAX_EVENTS; offset += PAGE) {
        const query = { type: 'checkpoint,retried,followed_up', limit: PAGE, offset }
        const params = { path: { taskId }, query }
        const page = await data(api.GET('/api/web/tasks/{taskId}/events', { params }))
        found.push(...page.items)
        if (found.length >= page.total) break
      }
      return stageDiffs(found)
    },
  })
}

/** Fetches a changed file at a commit. */
export function useFile(taskId: number, path: string, commit: string, enabled: boolean) {
  return useQuery({
    queryKey: ['diff', taskId, 'file', path, commit],
    queryFn: async ({ signal }) => {
      const asked = new URLSearchParams({ path, commit })
      const url = `/api/web/tasks/${taskId}/files?${asked}`
      const answer = await authorizedFetch(new Request(url, { signal }))
      if (!answer.ok) throw parseProblem(answer, await answer.json().catch(() => null))
      return answer.blob()
    },
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
