/** What filters and the form of a new task choose among. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

const params = { query: { limit: 200 } }
const A_WHILE = 60_000

const projects = queryOptions({
  queryKey: ['projects', 'choices'],
  queryFn: async () => (await data(api.GET('/api/web/projects', { params }))).items,
  staleTime: A_WHILE,
})
const agents = queryOptions({
  queryKey: ['agents', 'choices'],
  queryFn: async () => (await data(api.GET('/api/web/agents'))).items,
  staleTime: A_WHILE,
})
const machines = queryOptions({
  queryKey: ['machines', 'choices'],
  queryFn: async () => (await data(api.GET('/api/web/machines', { params }))).items,
  staleTime: A_WHILE,
})
const people = queryOptions({
  queryKey: ['developers', 'choices'],
  queryFn: async () => (await data(api.GET('/api/web/projects/-/developers', { params }))).items,
  staleTime: A_WHILE,
})

export const useProjects = () => useQuery(projects).data
export const useAgents = () => useQuery(agents).data
export const useMachines = () => useQuery(machines).data
export const usePeople = () => useQuery(people).data

/** With its templates; nothing is asked for without a key. */
export const useProject = (key: string) =>
  useQuery({
    queryKey: ['project', key],
    queryFn: () => data(api.GET('/api/web/projects/{key}', { params: { path: { key } } })),
    enabled: key !== '',
    staleTime: A_WHILE,
  }).data
