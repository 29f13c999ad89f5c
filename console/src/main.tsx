import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { forgetActs } from './api/acts'
import { forgetWritten } from './lib/written'
import { applyNews } from './live/apply'
import { showOnDesktop } from './live/desktop'
import { begin } from './live/stream'
import { cache } from './queries/cache'
import { fetchPage, router } from './router'
import { isSafeHere, isSignedIn, onChange, whoIs } from './session/session'
import { giveNonce } from './ui/nonce'
import { ToastsDoor } from './ui/ToastsDoor'
import { showTheme } from './ui/theme'
import { loadWords } from './words'

giveNonce()
showTheme()
fetchPage()
await loadWords()
applyNews(cache)
if (isSafeHere()) {
  begin()
  showOnDesktop((taskId) => {
    const all = { to: '/inbox' } as const
    void router.navigate(
      taskId === null ? all : { to: '/tasks/$taskId', params: { taskId: String(taskId) } },
    )
  })
}
// Signed out here or in another tab: nothing that was read stays. Another one in one's place, as who
// comes back from a provider may be: what is drawn, or half written, is not theirs either.
let who = whoIs()
onChange(() => {
  const before = who
  who = whoIs()
  if (before !== null && who !== null && before !== who) location.reload()
  if (isSignedIn() === false) {
    cache.clear()
    forgetActs()
    forgetWritten()
  }
  void router.invalidate()
})

const place = document.getElementById('root')
if (place === null) throw new Error('the page has no place for the console')
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
      <ToastsDoor />
    </QueryClientProvider>
  </StrictMode>,
)
