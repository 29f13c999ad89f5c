/** SSH keys that the server generates for repositories. */
import { queryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'
import { cache } from './cache'
import { project } from './projects'

const KEY = 'deploy-key'

/** The public half of a project's SSH key. */
export const publicKey = (key: string) =>
  queryOptions({
    queryKey: [KEY, key],
    queryFn: ({ signal }) =>
      data(api.GET('/api/web/projects/{key}/deploy-key', { params: { path: { key } }, signal })),
  })

/** Gives the project a new key, in place of its own. */
export async function createDeployKey(key: string) {
  const made = await data(
    api.POST('/api/web/projects/{key}/deploy-key', { params: { path: { key } } }),
  )
  cache.setQueryData(publicKey(key).queryKey, made)
  await cache.invalidateQueries({ queryKey: project(key).queryKey })
}

/** Generates a key for a project that isn't created yet. */
export const createNewDeployKey = () => data(api.POST('/api/admin/projects/-/deploy-key'))
