import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { useLandmark } from '../hooks/useLandmark'

export type MenuItem = {
  name: string
  onSelect: () => void
  icon?: ReactNode
  /** Whether the action is destructive. */
  isBad?: boolean
  /** Why the item is disabled, if it is. */
  disabledReason?: string | undefined
}

/** A button that opens a menu of actions. A null in `items` is a separator. */
export function Menu(props: {
  button: ReactElement
  items: (MenuItem | null)[]
  /** Set if the user pressed the button before this component was loaded. */
  isOpenAtFirst?: boolean
}) {
  const { button, items, isOpenAtFirst = false } = props
  const { container, onOpenChange } = useLandmark(isOpenAtFirst)
  return (
    <Base.Root defaultOpen={isOpenAtFirst} onOpenChange={onOpenChange}>
      <Base.Trigger render={button} />
      <Base.Portal container={container}>
        <Base.Positioner sideOffset={4} align="end" className="menu-place">
          <Base.Popup className="menu">
            {items.map((item, place) =>
              item === null ? (
                <Base.Separator key={place} className="menu-line" />
              ) : (
                <Base.Item
                  key={item.name}
                  className={`menu-item ${item.isBad ? 'bad' : ''}`}
                  disabled={item.disabledReason !== undefined}
                  onClick={item.onSelect}
                >
                  {item.icon}
                  {item.name}
                  {item.disabledReason && <span className="dim">{item.disabledReason}</span>}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
