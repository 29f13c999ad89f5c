import { lazy, Suspense, useSyncExternalStore } from 'react'
import { anySaid, onSaid } from './toasts'

const Toasts = lazy(() => import('./Toasts'))

export function ToastsDoor() {
  const isWanted = useSyncExternalStore(onSaid, anySaid)
  return <Suspense>{isWanted && <Toasts />}</Suspense>
}
