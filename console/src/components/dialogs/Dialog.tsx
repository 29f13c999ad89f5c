import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { strings } from '../../i18n'

/** A dialog: it makes the rest inert, and gives focus back. Closed by Escape, its cross, a click
 *  beside it. `foot` has its buttons, the main one first; `first` has the focus when it opens. */
export function Dialog(props: {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ReactNode
  foot?: ReactNode
  className?: string
  first?: RefObject<HTMLElement | null>
}) {
  return (
    <Base.Root open={props.isOpen} onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <Base.Portal>
        <Base.Backdrop className="shade" />
        <Base.Popup
          className={`dialog ${props.className ?? ''}`}
          {...(props.first && { initialFocus: props.first })}
        >
          <div className="dialog-head">
            <Base.Title>{props.title}</Base.Title>
            <Base.Close className="btn quiet square" aria-label={strings.common.close}>
              <X className="i" />
            </Base.Close>
          </div>
          <div className="dialog-body">{props.children}</div>
          {props.foot && <div className="dialog-foot">{props.foot}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
