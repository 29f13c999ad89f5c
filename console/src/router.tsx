/** All routes of the console. A page is loaded when it opens; `search.ts` in its folder parses its
 *  query. */
import {
  type AnyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { token } from './auth/session'
import { loadSettingStrings } from './i18n/settings'
import { loginSearch, safeRedirectPath } from './lib/net/loginRedirect'
import { ErrorPage } from './pages/errors/ErrorPage'
import { NotFoundPage } from './pages/errors/NotFoundPage'
import { AppLayout } from './pages/layout/AppLayout'

type Component = Parameters<typeof lazyRouteComponent>[0]

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage })

const framed = createRoute({
  getParentRoute: () => root,
  id: 'framed',
  component: AppLayout,
  // A deep link survives the login.
  beforeLoad: async ({ location: { pathname, search, hash } }) => {
    if ((await token()) === null)
      throw redirect({ to: '/login', search: loginSearch(pathname, search, hash) })
  },
})

const page = <P extends string>(path: P, component: Component) =>
  createRoute({ getParentRoute: () => framed, path, component: lazyRouteComponent(component) })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  // After returning from a provider, the user is already signed in.
  beforeLoad: async ({ search }) => {
    const { next } = search as { next?: string }
    if ((await token().catch(() => null)) !== null)
      throw redirect({ href: safeRedirectPath(next), replace: true })
  },
  component: lazyRouteComponent(() => import('./pages/login/LoginPage')),
})

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/invitation/InvitationPage')),
})

const pages = [
  page('/', () => import('./pages/inbox/InboxPage')),
  page('/tasks', () => import('./pages/tasks/TasksPage')),
  page('/tasks/$taskId', () => import('./pages/task/TaskPage')),
  page('/machines', () => import('./pages/machines/MachinesPage')),
  page('/machines/$machineId', () => import('./pages/machines/MachinePage')),
  page('/projects', () => import('./pages/projects/ProjectsPage')),
  page('/projects/$projectKey', () => import('./pages/projects/ProjectPage')),
  page('/notifications', () => import('./pages/notifications/NotificationsPage')),
  page('/profile', () => import('./pages/profile/ProfilePage')),
  page('/device', () => import('./pages/device/DevicePage')),
  page('/admin/developers', () => import('./pages/admin/accounts/DevelopersPage')),
  page('/admin/machines', () => import('./pages/admin/machines/MachinesPage')),
  page('/admin/worker-tokens', () => import('./pages/admin/tokens/WorkerTokensPage')),
  page('/admin/bots', () => import('./pages/admin/bots/BotsPage')),
  page('/admin/deliveries', () => import('./pages/admin/bots/DeliveriesPage')),
  page('/admin/audit', () => import('./pages/admin/audit/AuditPage')),
  page('/admin/settings', async () => {
    const [settings] = await Promise.all([
      import('./pages/admin/settings/SettingsPage'),
      loadSettingStrings(),
    ])
    return settings
  }),
  page('/admin/usage', () => import('./pages/admin/usage/UsagePage')),
] as const

export const router = createRouter({
  routeTree: root.addChildren([login, invitation, framed.addChildren(pages)]),
  defaultErrorComponent: ErrorPage,
  defaultNotFoundComponent: NotFoundPage,
  defaultPreload: 'intent',
  // Plain values in the URL: `?status=running`, not JSON.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: formatSearch,
  scrollRestoration: true,
})

/** Starts loading the page of this URL while the session is still being checked. */
export function preloadPage(): void {
  const routes: Record<string, AnyRoute> = router.routesById
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    const route = routes[routeId]
    // Opening the page loads it again, and shows the error.
    if (route) router.loadRouteChunk(route)?.catch(() => {})
  }
}

/** Formats a query; omits undefined and empty values. */
function formatSearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return query && `?${query}`
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
