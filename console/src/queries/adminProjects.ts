import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'

const invalidateProjects = () => cache.invalidateQueries({ queryKey: ['projects'] })

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
