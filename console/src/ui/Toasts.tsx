import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { words } from '../words'
import { toasts } from './toasts'

/** Where toasts are shown. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts} limit={1}>
      <Toast.Portal>
        <Toast.Viewport>
          <Shown />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Shown() {
  const { toasts: shown } = Toast.useToastManager()
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection="down">
      <Toast.Description render={<span />} />
      {toast.actionProps && <Toast.Action className="btn" />}
      <Toast.Close className="btn quiet square" aria-label={words.common.close}>
        <X className="i" />
      </Toast.Close>
    </Toast.Root>
  ))
}
