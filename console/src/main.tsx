import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { clearCurlHistory } from './api/curlHistory'
import { hasSecureContext, isSignedIn, onSessionChange, signedInUser } from './auth/session'
import { ToastProvider } from './components/toasts/ToastProvider'
import { installStyleNonce } from './cspNonce'
import { loadStrings } from './i18n'
import { clearUnsavedInput } from './lib/form/unsavedInput'
import { cache } from './queries/cache'
import { applyStreamUpdates } from './queries/streamUpdates'
import { startDesktopNotifications } from './realtime/desktopNotifications'
import { startStream } from './realtime/stream'
import { preloadPage, router } from './router'
import { applyTheme } from './state/theme'

installStyleNonce()
applyTheme()
preloadPage()
await loadStrings()
applyStreamUpdates(cache)
if (hasSecureContext()) {
  startStream()
  startDesktopNotifications((taskId) => {
    const all = { to: '/notifications' } as const
    void router.navigate(
      taskId === null ? all : { to: '/tasks/$taskId', params: { taskId: String(taskId) } },
    )
  })
}
// Clears cached data when the user signs out, here or in another tab. Reloads when another user
// replaces them, as after returning from a provider: what is on the page or half typed isn't
// theirs.
let user = signedInUser()
onSessionChange(() => {
  const before = user
  user = signedInUser()
  if (before !== null && user !== null && before !== user) location.reload()
  if (isSignedIn() === false) {
    cache.clear()
    clearCurlHistory()
    clearUnsavedInput()
  }
  void router.invalidate()
})

const rootElement = document.getElementById('root')
if (rootElement === null) throw new Error('the page has no place for the console')
createRoot(rootElement).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
      <ToastProvider />
    </QueryClientProvider>
  </StrictMode>,
)
