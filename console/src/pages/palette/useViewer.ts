import { useMe } from '../../queries/me'
import { useProjects } from '../../queries/projects'

export type Viewer = ReturnType<typeof useViewer>

/** Returns what you may do: by your role, and in which projects you are a maintainer. */
export function useViewer() {
  const role = useMe()?.role
  const projects = useProjects().data ?? []
  const isAdmin = role === 'admin'
  const maintained = projects.filter(({ myRole }) => myRole === 'maintainer').map(({ key }) => key)
  return {
    isAdmin,
    canDrain: isAdmin || role === 'lead',
    maintainsAny: isAdmin || maintained.length > 0,
    maintains: (key: string) => isAdmin || maintained.includes(key),
  }
}
