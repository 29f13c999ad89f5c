import { Link } from '@tanstack/react-router'
import { strings } from '../../i18n'
import type { InboxItem } from '../../queries/inbox'
import styles from './Inbox.module.css'
import { itemLink } from './links'

/** A link to the details. The Enter key opens it, too. */
export function DetailLink({ item, isSelected }: { item: InboxItem; isSelected: boolean }) {
  const place = itemLink(item)
  return (
    <p className={styles.read}>
      <Link className="btn quiet" {...place} aria-keyshortcuts={isSelected ? 'Enter' : undefined}>
        {linkLabel(item)}
        {isSelected && <kbd aria-hidden="true">↵</kbd>}
      </Link>
    </p>
  )
}

function linkLabel(item: InboxItem): string {
  if (item.machine) return strings.inbox.openMachine(item.machine.name)
  const { search } = itemLink(item) as { search?: { view?: string } }
  if (search?.view === 'terminal') return strings.inbox.openTerminal
  return search?.view === 'diff' ? strings.inbox.readDiff : strings.inbox.openTask
}
