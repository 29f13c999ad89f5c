/** Renders a component as on a page: with a router, a query cache and a simulated user. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router'
import { act, render } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react'

export async function renderInPage(element: ReactNode) {
  const content = createStore(element)
  const router = createRouter({
    routeTree: createRootRoute({ component: PageContent, notFoundComponent: PageContent }),
    history: createMemoryHistory(),
  })
  await router.load()
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false }, mutations: { networkMode: 'always' } },
  })
  const { unmount } = render(
    <QueryClientProvider client={client}>
      <StoreContext.Provider value={content}>
        <RouterProvider router={router as never} />
      </StoreContext.Provider>
    </QueryClientProvider>,
  )
  return {
    user: userEvent.setup(),
    client,
    unmount,
    /** The page's path and query. */
    path: () => router.history.location.href,
    rerender: (other: ReactNode) => act(() => content.set(other)),
  }
}

const StoreContext = createContext<ReturnType<typeof createStore>>(createStore(null))

/** Renders the component on every path. */
function PageContent() {
  const { listen, get } = useContext(StoreContext)
  return useSyncExternalStore(listen, get)
}

function createStore(value: ReactNode) {
  let notify = () => {}
  return {
    get: () => value,
    set: (other: ReactNode) => {
      value = other
      notify()
    },
    listen: (listener: () => void) => {
      notify = listener
      return () => {}
    },
  }
}
