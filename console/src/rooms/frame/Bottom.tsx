import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { words } from '../../words'
import { NeedsCount } from './NeedsCount'
import { rooms } from './rooms'

/** The rooms under a thumb. */
export function Bottom({ onNewTask }: { onNewTask: () => void }) {
  const [needs, tasks, machines, , inbox] = rooms()
  return (
    <nav className="bottom" aria-label={words.common.rooms}>
      {[needs, tasks].map(tab)}
      <button type="button" className="new" onClick={onNewTask}>
        <Plus className="i" aria-hidden="true" />
        {words.common.newTask}
      </button>
      {[machines, inbox].map(tab)}
    </nav>
  )
}

function tab({ to, name, icon: Icon }: ReturnType<typeof rooms>[number]) {
  return (
    <Link key={to} to={to} activeOptions={{ exact: to === '/' }}>
      <Icon className="i" aria-hidden="true" />
      {name}
      {to === '/' && <NeedsCount />}
    </Link>
  )
}
