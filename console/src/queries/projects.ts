/** The projects, and changes to one. */
import { keepPreviousData, queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { localizeFieldErrors } from '../api/fieldErrors'
import { showErrorToast } from '../state/toasts'
import { cache } from './cache'
import { fetchAllPages } from './pagination'

export type Project = Schemas['Project']

const pathParams = (key: string) => ({ params: { path: { key } } })

export const projects = queryOptions({
  queryKey: ['projects', 'all'],
  queryFn: () =>
    fetchAllPages((cursor) =>
      data(api.GET('/api/web/projects', { params: { query: { limit: 100, cursor } } })),
    ),
})

/** Disabled without a key. No stream sends other users' changes. */
export const project = (key: string) =>
  queryOptions({
    queryKey: ['project', key],
    queryFn: () => data(api.GET('/api/web/projects/{key}', pathParams(key))),
    enabled: key !== '',
    staleTime: 60_000,
  })

const monthBudget = (key: string) =>
  queryOptions({
    queryKey: ['project', key, 'budget'],
    queryFn: () => data(api.GET('/api/web/projects/{key}/budget', pathParams(key))),
  })

/** Only maintainers have access. */
const members = (key: string) =>
  queryOptions({
    queryKey: ['project', key, 'members'],
    queryFn: () =>
      fetchAllPages((cursor) => {
        const params = { path: { key }, query: { limit: 200, cursor } }
        return data(api.GET('/api/web/projects/{key}/members', { params }))
      }),
  })

export const colleagues = queryOptions({
  queryKey: ['colleagues'],
  queryFn: () =>
    fetchAllPages((cursor) => {
      const query = { limit: 200, cursor }
      return data(api.GET('/api/web/projects/-/developers', { params: { query } }))
    }),
})

type UsageBy = 'day' | 'model' | 'developer'

const usage = (project: string, groupBy: UsageBy, from: string) =>
  queryOptions({
    queryKey: ['project', project, 'usage', groupBy, from],
    queryFn: async () => {
      const query = { groupBy, from, project, limit: 200 }
      const page = await data(api.GET('/api/web/usage', { params: { query } }))
      return typeof page === 'string' ? [] : page.items
    },
  })

export const agents = queryOptions({
  queryKey: ['agents'],
  queryFn: async () =>
    (await data(api.GET('/api/web/agents', { params: { query: { limit: 200 } } }))).items,
})

export const useProjects = () => useQuery(projects)
export const useProject = (key: string) => useQuery(project(key))
export const useMonthBudget = (key: string) => useQuery(monthBudget(key)).data
export const useMembers = (key: string) => useQuery(members(key))
export const useColleagues = () => useQuery(colleagues).data
export const useProjectUsage = (key: string, by: UsageBy, from: string) =>
  useQuery(usage(key, by, from))
export const useAgents = () => useQuery(agents).data

/** Fetches the commands that a pipeline's stages would run, or its errors. Saves nothing. */
export const useDryRun = (key: string, pipeline: Schemas['Stage'][] | null, description: string) =>
  useQuery({
    queryKey: ['dry-run', key, pipeline, description],
    queryFn: async () => {
      const { stages, errors, errorCodes } = await data(
        api.POST('/api/web/projects/{key}/pipeline/dry-run', {
          ...pathParams(key),
          body: { pipeline, description } as Schemas['NewDryRun'],
        }),
      )
      return { stages, errors: localizeFieldErrors(errors, errorCodes) }
    },
    enabled: pipeline !== null,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  })

export async function saveProject(key: string, body: Schemas['ProjectUpdate']) {
  const { warnings, ...saved } = await data(
    api.PUT('/api/web/projects/{key}', { ...pathParams(key), body }),
  )
  cache.setQueryData(project(key).queryKey, saved)
  await Promise.all([
    cache.invalidateQueries({ queryKey: ['projects'] }),
    cache.invalidateQueries({ queryKey: ['inbox'] }), // its hosts may be allowed now
    cache.invalidateQueries({ queryKey: monthBudget(key).queryKey }),
  ])
  return warnings
}

/** Allows a host for the project's stages, from the next stage on. */
export const useAllowHost = (key: string) =>
  useMutation({
    mutationFn: (host: string) =>
      data(
        api.POST('/api/web/projects/{key}/network/allow', { ...pathParams(key), body: { host } }),
      ),
    onError: showErrorToast,
    onSettled: () => {
      for (const queryKey of [['inbox'], project(key).queryKey]) {
        void cache.invalidateQueries({ queryKey })
      }
    },
  })

export async function destroySecrets(key: string) {
  await data(api.DELETE('/api/web/projects/{key}/secrets', pathParams(key)))
  await cache.invalidateQueries({ queryKey: project(key).queryKey })
}

export async function setMember(key: string, body: Schemas['NewMember']) {
  await data(api.POST('/api/web/projects/{key}/members', { ...pathParams(key), body }))
  await cache.invalidateQueries({ queryKey: project(key).queryKey })
}

export async function removeMember(key: string, developerId: number) {
  const params = { path: { key }, query: { developerId } }
  await data(api.DELETE('/api/web/projects/{key}/members', { params }))
  await cache.invalidateQueries({ queryKey: project(key).queryKey })
}
