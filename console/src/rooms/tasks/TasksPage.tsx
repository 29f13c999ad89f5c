import { useNavigate } from '@tanstack/react-router'
import { useState, useSyncExternalStore } from 'react'
import type { Filters } from '../../lib/taskFilters'
import { liveNow, onLive } from '../../live/stream'
import { useTaskTable } from '../../queries/taskTable'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Empty } from '../../ui/Empty'
import { Ghost } from '../../ui/Ghost'
import { useKeys } from '../../ui/keys'
import { Page } from '../../ui/Page'
import { words } from '../../words'
import { useNewTask } from '../frame/useNewTask'
import { ActingBar } from './ActingBar'
import { Foot } from './Foot'
import styles from './Tasks.module.css'
import { TaskTable } from './TaskTable'
import { Tools } from './Tools'
import { useChosen } from './useChosen'
import { useFilters } from './useFilters'
import { ViewTabs } from './ViewTabs'

export default function TasksPage() {
  const { filters, replace } = useFilters()
  return (
    <Page title={words.common.tasks} aside={<LiveMark />}>
      <ViewTabs filters={filters} onView={replace} />
      <Tools />
      <Found filters={filters} onClear={() => replace({})} />
    </Page>
  )
}

function Found({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  const table = useTaskTable(filters)
  const { rows, hasNextPage } = table
  const chosen = useChosen(rows)
  const [at, setAt] = useState<number | null>(null)
  const navigate = useNavigate()
  const open = (id: number) =>
    void navigate({ to: '/tasks/$taskId', params: { taskId: String(id) } })
  const step = (by: number) => {
    const place = rows.findIndex(({ id }) => id === at)
    const next = rows[Math.max(0, Math.min(rows.length - 1, place < 0 ? 0 : place + by))]
    if (next) setAt(next.id)
  }
  const onIt = (act: (id: number) => void) => () => at !== null && act(at)
  useKeys('here', [
    { key: 'j', what: words.keys.next, do: () => step(1) },
    { key: 'k', what: words.keys.previous, do: () => step(-1) },
    { key: 'Enter', what: words.tasks.keyOpen, do: onIt(open) },
    { key: 'x', what: words.tasks.keySelect, do: onIt(chosen.toggle) },
    { key: '/', what: words.tasks.keySearch, do: () => focus('input[type="search"]') },
    { key: 'f', what: words.tasks.keyFilter, do: () => focus('.chip') },
  ])
  if (table.isPending) return <Ghost rows={12} />
  if (table.isError && rows.length === 0) {
    return <Broken error={table.error} again={() => void table.refetch()} />
  }
  if (rows.length === 0 && !hasNextPage) {
    return <Nothing isFiltered={Object.keys(filters).length > 0} onClear={onClear} />
  }
  return (
    <>
      <TaskTable
        rows={rows}
        hasMore={hasNextPage}
        canRead={hasNextPage && !table.isFetchingNextPage && !table.isFetchNextPageError}
        onMore={() => void table.fetchNextPage()}
        chosen={chosen.ids}
        onChoose={chosen.toggle}
        onChooseAll={chosen.toggleAll}
        at={at}
        onOpen={open}
      />
      {table.isFetchNextPageError && (
        <Broken error={table.error} again={() => void table.fetchNextPage()} />
      )}
      <Foot filters={filters} shown={rows.length} hasMore={hasNextPage} />
      {chosen.rows.length > 0 && <ActingBar rows={chosen.rows} onClear={chosen.clear} />}
    </>
  )
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const newTask = useNewTask()
  if (isFiltered) {
    return (
      <Empty title={words.tasks.noHit}>
        <Button onClick={onClear}>{words.tasks.clear}</Button>
      </Empty>
    )
  }
  return (
    <Empty title={words.tasks.none}>
      <p>{words.tasks.noneWhy}</p>
      <Button onClick={() => newTask.open()}>{words.common.newTask}</Button>
    </Empty>
  )
}

function LiveMark() {
  const { isLive } = useSyncExternalStore(onLive, liveNow)
  if (!isLive) return null
  return (
    <span className={styles.head}>
      <i />
      {words.tasks.live}
    </span>
  )
}

function focus(what: string): void {
  document.querySelector<HTMLElement>(`#main ${what}`)?.focus()
}
