import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Menu } from '../../components/controls/Menu'
import { strings } from '../../i18n'
import { type Filters, formatFilters, parseFilterQuery } from '../../lib/task/filters'
import { useMe } from '../../queries/me'
import { type SavedView, useSavedViews } from '../../queries/savedViews'
import styles from './Tasks.module.css'
import { ViewDialog } from './ViewDialog'
import { ViewMenu } from './ViewMenu'

type View = { name: string; filters: Filters; saved?: SavedView }

/** Tabs for the default views and your saved ones. Marks the one with the current filters. */
export function ViewTabs({ filters, onView }: { filters: Filters; onView: (f: Filters) => void }) {
  const [naming, name] = useState<SavedView | 'new' | null>(null)
  const saved = useSavedViews()
  const me = useMe()
  const now = formatFilters(filters)
  const views: View[] = [
    ...defaultViews(me?.id),
    ...saved
      .filter(({ pinned }) => pinned)
      .map((view) => ({ name: view.name, filters: parseFilterQuery(view.query), saved: view })),
  ]
  const others = saved.filter(({ pinned }) => !pinned)
  const current = saved.find(({ query }) => formatFilters(parseFilterQuery(query)) === now)
  const isKnown = current !== undefined || views.some((view) => formatFilters(view.filters) === now)
  return (
    <nav className={`tabs ${styles.views}`} aria-label={strings.tasks.views}>
      {views.map((view) => (
        <Link
          key={view.saved?.id ?? view.name}
          to="/tasks"
          search={view.filters as never}
          aria-current={formatFilters(view.filters) === now ? 'page' : undefined}
          activeProps={{}}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {view.name}
        </Link>
      ))}
      {others.length > 0 && (
        <Menu
          button={<button type="button">{strings.tasks.otherViews}</button>}
          items={others.map((view) => ({
            name: view.name,
            onSelect: () => onView(parseFilterQuery(view.query)),
          }))}
        />
      )}
      {current && <ViewMenu view={current} views={saved} onRename={() => name(current)} />}
      {!isKnown && (
        <button type="button" onClick={() => name('new')}>
          {strings.tasks.saveView}
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

function defaultViews(me: number | undefined): View[] {
  return [
    { name: strings.tasks.all, filters: {} },
    { name: strings.tasks.needsMe, filters: { needsMe: 'true' } },
    ...(me === undefined ? [] : [{ name: strings.tasks.mine, filters: { createdBy: String(me) } }]),
    { name: strings.tasks.running, filters: { status: 'assigned,running' } },
    { name: strings.tasks.failed, filters: { status: 'failed' } },
  ]
}
