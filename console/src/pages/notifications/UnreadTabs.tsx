import { Link } from '@tanstack/react-router'
import { strings } from '../../i18n'
import styles from './Notifications.module.css'

export function UnreadTabs({ isUnread }: { isUnread: boolean }) {
  const views = [
    { name: strings.notifications.all, show: undefined, isShown: !isUnread },
    { name: strings.notifications.unread, show: 'unread', isShown: isUnread },
  ]
  return (
    <nav className={`tabs ${styles.which}`} aria-label={strings.notifications.which}>
      {views.map(({ name, show, isShown }) => (
        <Link
          key={name}
          to="/notifications"
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
