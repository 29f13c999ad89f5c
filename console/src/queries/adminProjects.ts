import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'
import { cursorList } from './pagination'

const LIMIT = 100

const projects = cursorList(['admin', 'projects'], (cursor) =>
  data(api.GET('/api/admin/projects', { params: { query: { limit: LIMIT, cursor } } })),
)

export const useAllProjects = () => useInfiniteQuery(projects)

async function invalidateProjects() {
  await cache.invalidateQueries({ queryKey: ['projects'] })
  await cache.invalidateQueries({ queryKey: projects.queryKey })
}

export async function createProject(body: Schemas['NewProject']) {
  const created = await data(api.POST('/api/admin/projects', { body }))
  await invalidateProjects()
  return created
}

export async function deleteProject(key: string, force: boolean) {
  await data(
    api.DELETE('/api/admin/projects/{key}', { params: { path: { key }, query: { force } } }),
  )
  await invalidateProjects()
}
