import { Link } from '@tanstack/react-router'
import type { InboxItem } from '../../queries/inbox'
import { words } from '../../words'
import styles from './Needs.module.css'
import { placeOf } from './place'

/** The way to all of it: the same as Enter. */
export function Read({ item, isSelected }: { item: InboxItem; isSelected: boolean }) {
  const place = placeOf(item)
  return (
    <p className={styles.read}>
      <Link className="btn quiet" {...place} aria-keyshortcuts={isSelected ? 'Enter' : undefined}>
        {nameOf(item)}
        {isSelected && <kbd aria-hidden="true">↵</kbd>}
      </Link>
    </p>
  )
}

function nameOf(item: InboxItem): string {
  if (item.machine) return words.needs.openMachine(item.machine.name)
  const { search } = placeOf(item) as { search?: { view?: string } }
  return search?.view === 'diff' ? words.needs.readDiff : words.needs.openTask
}
