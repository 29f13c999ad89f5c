import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { useEffect } from 'react'
import { strings } from '../../i18n'
import { dequeueToasts, onToast } from '../../state/toasts'

const SHOWN_MILLISECONDS = 6000

/** The visible toasts. */
export default function Toasts() {
  return (
    <Toast.Provider limit={1} timeout={SHOWN_MILLISECONDS}>
      <Toast.Portal>
        <Toast.Viewport>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { toasts: shown, add } = Toast.useToastManager()
  useEffect(() => {
    const addPending = () => {
      for (const { line, action } of dequeueToasts()) {
        const actionProps = action && { children: action.name, onClick: action.do }
        add({ title: line, actionProps })
      }
    }
    addPending()
    return onToast(addPending)
  }, [add])
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection="down">
      {/* Its only line is also its accessible name. */}
      <Toast.Title render={<span />} />
      {toast.actionProps && <Toast.Action className="btn" />}
      <Toast.Close className="btn quiet square" aria-label={strings.common.close}>
        <X className="i" />
      </Toast.Close>
    </Toast.Root>
  ))
}
