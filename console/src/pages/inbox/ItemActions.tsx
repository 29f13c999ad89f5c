import { Button } from '../../components/controls/Button'
import { useShortcuts } from '../../components/hooks/shortcuts'
import styles from './Inbox.module.css'

export type ItemAction = { name: string; do: () => void; isOff?: boolean; look?: 'main' | 'quiet' }

/** Actions on an inbox item. Keys 1 to 9 run those of the selected item. */
export function ItemActions({ acts, isSelected }: { acts: ItemAction[]; isSelected: boolean }) {
  const keys = isSelected ? acts.map((act, place) => ({ ...act, key: String(place + 1) })) : []
  useShortcuts(
    'here',
    keys
      .filter(({ isOff }) => !isOff)
      .map(({ key, name, do: press }) => ({ key, what: name, do: press })),
  )
  if (acts.length === 0) return null
  return (
    <div className={styles.acts}>
      {acts.map((act, place) => (
        <Button
          key={act.name}
          {...(act.look === 'main' && !isSelected ? {} : act.look ? { variant: act.look } : {})}
          hint={isSelected ? String(place + 1) : undefined}
          disabled={act.isOff}
          onClick={act.do}
        >
          {act.name}
        </Button>
      ))}
    </div>
  )
}
