import { Link } from '@tanstack/react-router'
import { Plus, Search } from 'lucide-react'
import { strings } from '../../i18n'
import { InboxCount } from './InboxCount'
import { navigationItems } from './navigation'

/** The pages, search and a new task, within reach of a thumb. Notifications are in the top bar. */
export function BottomNav({ onFind, onNewTask }: { onFind: () => void; onNewTask: () => void }) {
  const [inbox, tasks, machines, projects] = navigationItems()
  return (
    <nav className="bottom" aria-label={strings.common.pages}>
      {[inbox, tasks].map(navigationTab)}
      <button type="button" className="new" onClick={onNewTask}>
        <Plus className="i" aria-hidden="true" />
        {strings.common.newTask}
      </button>
      {[projects, machines].map(navigationTab)}
      <button type="button" onClick={onFind}>
        <Search className="i" aria-hidden="true" />
        {strings.common.search}
      </button>
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
