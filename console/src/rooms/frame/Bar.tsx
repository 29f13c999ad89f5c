import { Link } from '@tanstack/react-router'
import { Plus, Search } from 'lucide-react'
import { useUnreadCount } from '../../queries/notifications'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { Account } from './Account'
import { Mark } from './Mark'
import { NeedsCount } from './NeedsCount'
import { rooms } from './rooms'

export function Bar({ onFind, onNewTask }: { onFind: () => void; onNewTask: () => void }) {
  return (
    <header className="bar">
      <Link className="mark" to="/">
        <Mark />
        Muster
      </Link>
      <nav className="row wide" aria-label={words.common.rooms} style={{ gap: 0 }}>
        {rooms().map(({ to, name }) => (
          <Link key={to} className="room" to={to} activeOptions={{ exact: to === '/' }}>
            {name}
            {to === '/' && <NeedsCount />}
            {to === '/inbox' && <UnreadCount />}
          </Link>
        ))}
      </nav>
      <button type="button" className="find" aria-keyshortcuts="Meta+K Control+K" onClick={onFind}>
        <Search className="i" aria-hidden="true" />
        <span>{words.common.find}</span>
        <kbd aria-hidden="true">{isApple() ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <Button className="new" hint="C" onClick={onNewTask}>
        <Plus className="i" aria-hidden="true" />
        {words.common.newTask}
      </Button>
      <Account />
    </header>
  )
}

function UnreadCount() {
  const count = useUnreadCount()
  if (count === 0) return null
  return (
    <span className="count" title={words.common.unreadCount(count)}>
      {count > 99 ? '99+' : count}
    </span>
  )
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent)
}
