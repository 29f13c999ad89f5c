import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { useLandmark } from '../hooks/useLandmark'

export type MenuItem = {
  name: string
  onSelect: () => void
  icon?: ReactNode
  /** It destroys something. */
  isBad?: boolean
  /** Why it is off, if it is. */
  disabledReason?: string | undefined
}

/** A button that opens a list of acts. `items` of null are lines between groups. */
export function Menu(props: {
  button: ReactElement
  items: (MenuItem | null)[]
  /** It was pressed before this was loaded. */
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
