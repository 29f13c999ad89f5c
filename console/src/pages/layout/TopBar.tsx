import { Link } from '@tanstack/react-router'
import { Bell, Plus, Search } from 'lucide-react'
import { Button } from '../../components/controls/Button'
import { Logo } from '../../components/page/Logo'
import { strings } from '../../i18n'
import { formatModKey } from '../../lib/format/keyNames'
import { useUnreadCount } from '../../queries/notifications'
import { AccountButton } from './AccountButton'
import { InboxCount } from './InboxCount'
import { navigationItems } from './navigation'

export function TopBar({ onFind, onNewTask }: { onFind: () => void; onNewTask: () => void }) {
  return (
    <header className="bar">
      <Link className="mark" to="/">
        <Logo />
        Muster
      </Link>
      <nav className="row wide" aria-label={strings.common.pages} style={{ gap: 0 }}>
        {navigationItems().map(({ to, name }) => (
          <Link key={to} className="room" to={to} activeOptions={{ exact: to === '/' }}>
            {name}
            {to === '/' && <InboxCount />}
            {to === '/notifications' && <UnreadCount />}
          </Link>
        ))}
      </nav>
      <button type="button" className="find" aria-keyshortcuts="Meta+K Control+K" onClick={onFind}>
        <Search className="i" aria-hidden="true" />
        <span>{strings.common.find}</span>
        <kbd aria-hidden="true">{formatModKey('K')}</kbd>
      </button>
      <Button className="new" hint="C" onClick={onNewTask}>
        <Plus className="i" aria-hidden="true" />
        {strings.common.newTask}
      </Button>
      <Link className="bell phone" to="/notifications">
        <Bell className="i" aria-hidden="true" />
        <span className="hidden">{strings.common.notifications}</span>
        <UnreadCount />
      </Link>
      <AccountButton />
    </header>
  )
}

function UnreadCount() {
  const count = useUnreadCount()
  if (count === 0) return null
  return (
    <span className="count" title={strings.common.unreadCount(count)}>
      {count > 99 ? '99+' : count}
    </span>
  )
}
