import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { strings } from '../../i18n'
import { InboxCount } from './InboxCount'
import { navigationItems } from './navigation'

/** Links to the main pages, within reach of a thumb. */
export function BottomNav({ onNewTask }: { onNewTask: () => void }) {
  const [inbox, tasks, machines, , notifications] = navigationItems()
  return (
    <nav className="bottom" aria-label={strings.common.pages}>
      {[inbox, tasks].map(navigationTab)}
      <button type="button" className="new" onClick={onNewTask}>
        <Plus className="i" aria-hidden="true" />
        {strings.common.newTask}
      </button>
      {[machines, notifications].map(navigationTab)}
    </nav>
  )
}

function navigationTab({ to, name, icon: Icon }: ReturnType<typeof navigationItems>[number]) {
  return (
    <Link key={to} to={to} activeOptions={{ exact: to === '/' }}>
      <Icon className="i" aria-hidden="true" />
      {name}
      {to === '/' && <InboxCount />}
    </Link>
  )
}
