import { Button } from '../../ui/Button'
import { useKeys } from '../../ui/keys'
import styles from './Needs.module.css'

export type Act = { name: string; do: () => void; isOff?: boolean; look?: 'main' | 'quiet' }

/** What can be done about a row. 1 to 9 do it on the one that is selected. */
export function Doing({ acts, isSelected }: { acts: Act[]; isSelected: boolean }) {
  const keys = isSelected ? acts.map((act, place) => ({ ...act, key: String(place + 1) })) : []
  useKeys(
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
          {...(act.look === 'main' && !isSelected ? {} : act.look ? { look: act.look } : {})}
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
