import { itself } from '../../lib/itself'
import type { InboxItem } from '../../queries/inbox'
import { StatusMark } from '../../ui/Status'
import { useNow } from '../../ui/useNow'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import { End } from './End'
import styles from './Needs.module.css'
import { OpenGate } from './OpenGate'
import { Unwell } from './Unwell'

type Props = { item: InboxItem; isSelected: boolean; onSelect: () => void }

/** One thing that needs somebody: what it is, since when, what happens by itself, what can be done. */
export function Ask({ item, isSelected, onSelect }: Props) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: J and K select, and so does the focus
    <li
      id={item.id}
      className={styles.ask}
      aria-current={isSelected || undefined}
      // A press selects when it is done: rows that grow and shrink under it would make it miss.
      onFocus={({ target }) => target.matches(':focus-visible') && onSelect()}
      onClick={onSelect}
    >
      <span className="tone" data-is={markOf(item)}>
        <StatusMark look={markOf(item)} />
      </span>
      <div className={styles.body}>
        {item.gate && item.task && (
          <OpenGate item={item} gate={item.gate} task={item.task} isSelected={isSelected} />
        )}
        {!item.gate && item.task && <End item={item} task={item.task} isSelected={isSelected} />}
        {item.machine && <Unwell item={item} machine={item.machine} isSelected={isSelected} />}
      </div>
      <p className={styles.since}>
        <span className="phone">{words.needs.since} </span>
        <When at={item.since} />
      </p>
      <Itself item={item} />
    </li>
  )
}

function markOf({ kind }: InboxItem) {
  if (kind === 'failure') return 'failed'
  if (kind === 'result') return 'completed'
  return kind === 'machine' ? 'unwell' : 'needs'
}

function Itself({ item }: { item: InboxItem }) {
  const now = useNow()
  const { says, aside } = itself(item, { words: words.needs, units: words.units, locale, now })
  return (
    <p className={styles.itself}>
      <b>{says}</b> {aside}
    </p>
  )
}
