import { Suspense, useSyncExternalStore } from 'react'
import { hasToasts, onToast } from '../../state/toasts'
import { lazyComponent } from '../lazyComponent'

const Toasts = lazyComponent(() => import('./Toasts'))

export function ToastProvider() {
  const isWanted = useSyncExternalStore(onToast, hasToasts)
  return <Suspense>{isWanted && <Toasts />}</Suspense>
}
