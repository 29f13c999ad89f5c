import { Menu } from '@base-ui/react/menu'
import { Check, ChevronDown } from 'lucide-react'
import { useLandmark } from '../../components/hooks/useLandmark'
import { strings } from '../../i18n'
import styles from './Tasks.module.css'

export type Option = { value: string; name: string }

type Props = {
  name: string
  options: Option[]
  chosen: string[]
  onChoose: (value: string) => void
  onClear: () => void
}

/** A filter: its name, the chosen values, and a menu to choose from. */
export function FilterChip({ name, options, chosen, onChoose, onClear }: Props) {
  const isOn = chosen.length > 0
  const { container, onOpenChange } = useLandmark()
  return (
    <Menu.Root onOpenChange={onOpenChange}>
      <Menu.Trigger className={isOn ? 'chip on' : 'chip'}>
        {isOn ? strings.tasks.filtered(name, selectionText(options, chosen)) : name}
        <ChevronDown className="i" aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal container={container}>
        <Menu.Positioner sideOffset={4} align="start" className="menu-place">
          <Menu.Popup className={`menu ${styles.options}`}>
            <Menu.Item className="menu-item" onClick={onClear} disabled={!isOn}>
              <span className={styles.tick} />
              {strings.tasks.any}
            </Menu.Item>
            <Menu.Separator className="menu-line" />
            {options.map((option) => (
              <Menu.CheckboxItem
                key={option.value}
                className="menu-item"
                checked={chosen.includes(option.value)}
                onCheckedChange={() => onChoose(option.value)}
              >
                <span className={styles.tick}>
                  {chosen.includes(option.value) && <Check className="i" aria-hidden="true" />}
                </span>
                {option.name}
              </Menu.CheckboxItem>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

function selectionText(options: Option[], chosen: string[]): string {
  const [first] = chosen
  if (first === undefined || chosen.length > 1) return strings.tasks.chosen(chosen.length)
  return options.find(({ value }) => value === first)?.name ?? first
}
