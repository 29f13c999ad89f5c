import { Link } from '@tanstack/react-router'
import { words } from '../../words'
import styles from './Notifications.module.css'

/** All of them, or those that are unread. */
export function Which({ isUnread }: { isUnread: boolean }) {
  const views = [
    { name: words.notifications.all, show: undefined, isShown: !isUnread },
    { name: words.notifications.unread, show: 'unread', isShown: isUnread },
  ]
  return (
    <nav className={`tabs ${styles.which}`} aria-label={words.notifications.which}>
      {views.map(({ name, show, isShown }) => (
        <Link
          key={name}
          to="/inbox"
          search={{ show } as never}
          activeProps={{}}
          aria-current={isShown ? 'page' : undefined}
        >
          {name}
        </Link>
      ))}
    </nav>
  )
}
