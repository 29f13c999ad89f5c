import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type Filters, read, written } from '../../lib/taskFilters'
import { useMe } from '../../queries/me'
import { type SavedView, useSavedViews } from '../../queries/savedViews'
import { Menu } from '../../ui/Menu'
import { words } from '../../words'
import styles from './Tasks.module.css'
import { ViewDialog } from './ViewDialog'
import { ViewMenu } from './ViewMenu'

type View = { name: string; filters: Filters; saved?: SavedView }

/** Views that everybody has, then one's own; the one whose filters are set is marked. */
export function ViewTabs({ filters, onView }: { filters: Filters; onView: (f: Filters) => void }) {
  const [naming, name] = useState<SavedView | 'new' | null>(null)
  const saved = useSavedViews()
  const me = useMe()
  const now = written(filters)
  const views: View[] = [
    ...everybodys(me?.id),
    ...saved
      .filter(({ pinned }) => pinned)
      .map((view) => ({ name: view.name, filters: read(view.query), saved: view })),
  ]
  const others = saved.filter(({ pinned }) => !pinned)
  const current = saved.find(({ query }) => written(read(query)) === now)
  const isKnown = current !== undefined || views.some((view) => written(view.filters) === now)
  return (
    <nav className={`tabs ${styles.views}`} aria-label={words.tasks.views}>
      {views.map((view) => (
        <Link
          key={view.saved?.id ?? view.name}
          to="/tasks"
          search={view.filters as never}
          aria-current={written(view.filters) === now ? 'page' : undefined}
          activeProps={{}}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {view.name}
        </Link>
      ))}
      {others.length > 0 && (
        <Menu
          button={<button type="button">{words.tasks.otherViews}</button>}
          items={others.map((view) => ({
            name: view.name,
            act: () => onView(read(view.query)),
          }))}
        />
      )}
      {current && <ViewMenu view={current} views={saved} onRename={() => name(current)} />}
      {!isKnown && (
        <button type="button" onClick={() => name('new')}>
          {words.tasks.saveView}
        </button>
      )}
      {naming !== null && (
        <ViewDialog
          view={naming === 'new' ? null : naming}
          query={now}
          onClose={() => name(null)}
        />
      )}
    </nav>
  )
}

function everybodys(me: number | undefined): View[] {
  return [
    { name: words.tasks.all, filters: {} },
    { name: words.tasks.needsMe, filters: { needsMe: 'true' } },
    ...(me === undefined ? [] : [{ name: words.tasks.mine, filters: { createdBy: String(me) } }]),
    { name: words.tasks.running, filters: { status: 'assigned,running' } },
    { name: words.tasks.failed, filters: { status: 'failed' } },
  ]
}
