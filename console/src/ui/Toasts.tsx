import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { useEffect } from 'react'
import { words } from '../words'
import { onSaid, taken } from './toasts'

const SHOWN_MILLISECONDS = 6000

/** Where toasts are shown. */
export default function Toasts() {
  return (
    <Toast.Provider limit={1} timeout={SHOWN_MILLISECONDS}>
      <Toast.Portal>
        <Toast.Viewport>
          <Shown />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Shown() {
  const { toasts: shown, add } = Toast.useToastManager()
  useEffect(() => {
    const show = () => {
      for (const { line, act } of taken()) {
        const actionProps = act && { children: act.name, onClick: act.do }
        add({ title: line, actionProps })
      }
    }
    show()
    return onSaid(show)
  }, [add])
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection="down">
      {/* Its one line is also its name. */}
      <Toast.Title render={<span />} />
      {toast.actionProps && <Toast.Action className="btn" />}
      <Toast.Close className="btn quiet square" aria-label={words.common.close}>
        <X className="i" />
      </Toast.Close>
    </Toast.Root>
  ))
}
