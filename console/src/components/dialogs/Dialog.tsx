import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { strings } from '../../i18n'

/** A modal dialog: makes the rest of the page inert, and restores the focus when it closes. Escape,
 *  the close button and a click outside close it. `foot` has its buttons, the primary one first;
 *  `first` is focused when it opens. */
export function Dialog(props: {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ReactNode
  foot?: ReactNode
  className?: string
  first?: RefObject<HTMLElement | null> | (() => HTMLElement | null)
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
