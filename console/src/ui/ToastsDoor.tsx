import { Suspense, useSyncExternalStore } from 'react'
import { late } from './late'
import { anySaid, onSaid } from './toasts'

const Toasts = late(() => import('./Toasts'))

export function ToastsDoor() {
  const isWanted = useSyncExternalStore(onSaid, anySaid)
  return <Suspense>{isWanted && <Toasts />}</Suspense>
}
