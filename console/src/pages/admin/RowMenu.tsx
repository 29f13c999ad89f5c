import { Ellipsis } from 'lucide-react'
import { Button } from '../../components/controls/Button'
import { Menu, type MenuItem } from '../../components/controls/Menu'
import { strings } from '../../i18n'

export function RowMenu({ name, items }: { name: string; items: (MenuItem | null)[] }) {
  return (
    <Menu
      items={items}
      button={
        <Button variant="quiet" size="square" aria-label={strings.forms.actionsOf(name)}>
          <Ellipsis className="i" aria-hidden="true" />
        </Button>
      }
    />
  )
}
