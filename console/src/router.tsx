/** Every path of the console. A page is loaded when it is opened; what its URL may say is read in
 *  its room (`search.ts`). */
import {
  type AnyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { loginFor, ownPath } from './lib/place'
import { Frame } from './rooms/frame/Frame'
import { BrokenPage } from './rooms/missing/BrokenPage'
import { MissingPage } from './rooms/missing/MissingPage'
import { token } from './session/session'

type Component = Parameters<typeof lazyRouteComponent>[0]

const root = createRootRoute({ component: Outlet, notFoundComponent: MissingPage })

const framed = createRoute({
  getParentRoute: () => root,
  id: 'framed',
  component: Frame,
  // A deep link survives the login.
  beforeLoad: async ({ location: { pathname, search, hash } }) => {
    if ((await token()) === null)
      throw redirect({ to: '/login', search: loginFor(pathname, search, hash) })
  },
})

const page = <P extends string>(path: P, component: Component) =>
  createRoute({ getParentRoute: () => framed, path, component: lazyRouteComponent(component) })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  // Who comes back from a provider is signed in already.
  beforeLoad: async ({ search }) => {
    const { next } = search as { next?: string }
    if ((await token().catch(() => null)) !== null)
      throw redirect({ href: ownPath(next), replace: true })
  },
  component: lazyRouteComponent(() => import('./rooms/login/LoginPage')),
})

const pages = [
  page('/', () => import('./rooms/needs/NeedsPage')),
  page('/tasks', () => import('./rooms/tasks/TasksPage')),
  page('/tasks/$taskId', () => import('./rooms/task/TaskPage')),
  page('/machines', () => import('./rooms/machines/MachinesPage')),
  page('/machines/$machineId', () => import('./rooms/machines/MachinePage')),
  page('/projects', () => import('./rooms/projects/ProjectsPage')),
  page('/projects/$projectKey', () => import('./rooms/projects/ProjectPage')),
  page('/inbox', () => import('./rooms/notifications/NotificationsPage')),
  page('/profile', () => import('./rooms/profile/ProfilePage')),
  page('/device', () => import('./rooms/device/DevicePage')),
  page('/admin/developers', () => import('./rooms/admin/DevelopersPage')),
  page('/admin/projects', () => import('./rooms/admin/ProjectsPage')),
  page('/admin/machines', () => import('./rooms/admin/MachinesPage')),
  page('/admin/worker-tokens', () => import('./rooms/admin/WorkerTokensPage')),
  page('/admin/bots', () => import('./rooms/admin/BotsPage')),
  page('/admin/deliveries', () => import('./rooms/admin/DeliveriesPage')),
  page('/admin/audit', () => import('./rooms/admin/AuditPage')),
  page('/admin/settings', () => import('./rooms/admin/SettingsPage')),
  page('/admin/usage', () => import('./rooms/admin/UsagePage')),
] as const

export const router = createRouter({
  routeTree: root.addChildren([login, framed.addChildren(pages)]),
  defaultErrorComponent: BrokenPage,
  defaultNotFoundComponent: MissingPage,
  defaultPreload: 'intent',
  // Plain words in the URL: `?status=running`, not JSON.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: written,
  scrollRestoration: true,
})

/** Begins to load the page of this address, while it is still asked who is here. */
export function fetchPage(): void {
  const routes: Record<string, AnyRoute> = router.routesById
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    const route = routes[routeId]
    // Who opens the page asks again, and shows why it cannot be had.
    if (route) router.loadRouteChunk(route)?.catch(() => {})
  }
}

/** Of a search: its texts, as a query; what is undefined or empty is left out. */
function written(search: Record<string, unknown>): string {
  const said = Object.entries(search).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()
  return query && `?${query}`
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
