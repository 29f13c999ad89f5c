import { Ellipsis } from 'lucide-react'
import { Button } from '../../ui/Button'
import { type Item, Menu } from '../../ui/Menu'
import { words } from '../../words'

/** The acts on a row. */
export function RowMenu({ name, items }: { name: string; items: (Item | null)[] }) {
  return (
    <Menu
      items={items}
      button={
        <Button look="quiet" size="square" aria-label={words.forms.actsOf(name)}>
          <Ellipsis className="i" aria-hidden="true" />
        </Button>
      }
    />
  )
}
