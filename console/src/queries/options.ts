/** The options of filters and forms. No stream updates them, so they are fetched again after a
 *  while. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'
import { agents, colleagues, projects } from './projects'

const STALE_MILLISECONDS = 60_000

/** Includes decommissioned machines, because tasks have run there. */
const machines = queryOptions({
  queryKey: ['machines', 'choices'],
  queryFn: async () =>
    (await data(api.GET('/api/web/machines', { params: { query: { limit: 200 } } }))).items,
  staleTime: STALE_MILLISECONDS,
})

export const useProjectOptions = () => useQuery({ ...projects, staleTime: STALE_MILLISECONDS }).data
export const useProjectKeys = () =>
  useQuery({ ...projects, staleTime: STALE_MILLISECONDS, select: keysOf }).data
export const useAgentOptions = () => useQuery({ ...agents, staleTime: STALE_MILLISECONDS }).data
export const useDeveloperOptions = () =>
  useQuery({ ...colleagues, staleTime: STALE_MILLISECONDS }).data
export const useMachineOptions = () => useQuery(machines).data

/** Fetches machine names by ID, only if `isWanted`. */
export const useMachineNames = (isWanted: boolean): ReadonlyMap<string, string> | undefined =>
  useQuery({ ...machines, select: namesOf, enabled: isWanted }).data

const keysOf = (all: { key: string }[]) => all.map(({ key }) => key).sort()
const namesOf = (all: { id: string; name: string }[]) =>
  new Map(all.map(({ id, name }) => [id, name]))
