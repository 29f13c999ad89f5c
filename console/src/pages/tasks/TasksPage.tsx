import { useNavigate } from '@tanstack/react-router'
import { useState, useSyncExternalStore } from 'react'
import { Button } from '../../components/controls/Button'
import { EmptyState } from '../../components/feedback/EmptyState'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { FirstSteps } from '../../components/feedback/FirstSteps'
import { Skeleton } from '../../components/feedback/Skeleton'
import { useShortcuts } from '../../components/hooks/shortcuts'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import type { Filters } from '../../lib/task/filters'
import { useTaskTable } from '../../queries/taskTable'
import { connectionStatus, onConnectionChange } from '../../realtime/stream'
import { useNewTask } from '../layout/useNewTask'
import { BulkActionBar } from './BulkActionBar'
import { TaskFilters } from './TaskFilters'
import { TaskListFooter } from './TaskListFooter'
import styles from './Tasks.module.css'
import { TaskTable } from './TaskTable'
import { useFilters } from './useFilters'
import { useRowSelection } from './useRowSelection'
import { ViewTabs } from './ViewTabs'

export default function TasksPage() {
  const { filters, replace } = useFilters()
  return (
    <Page title={strings.common.tasks} aside={<LiveIndicator />}>
      <ViewTabs filters={filters} onView={replace} />
      <TaskFilters />
      <TaskResults filters={filters} onClear={() => replace({})} />
    </Page>
  )
}

function TaskResults({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  const table = useTaskTable(filters)
  const { rows, hasNextPage } = table
  const chosen = useRowSelection(rows)
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
  useShortcuts('here', [
    { key: 'j', what: strings.keys.next, do: () => step(1) },
    { key: 'k', what: strings.keys.previous, do: () => step(-1) },
    { key: 'Enter', what: strings.tasks.keyOpen, do: onIt(open) },
    { key: 'x', what: strings.tasks.keySelect, do: onIt(chosen.toggle) },
    { key: '/', what: strings.tasks.keySearch, do: () => focusElement('input[type="search"]') },
    { key: 'f', what: strings.tasks.keyFilter, do: () => focusElement('.chip') },
  ])
  if (table.isPending) return <Skeleton rows={12} />
  if (table.isError && rows.length === 0) {
    return <ErrorMessage error={table.error} again={() => void table.refetch()} />
  }
  if (rows.length === 0 && !hasNextPage) {
    return <NoTasks isFiltered={Object.keys(filters).length > 0} onClear={onClear} />
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
        <ErrorMessage error={table.error} again={() => void table.fetchNextPage()} />
      )}
      <TaskListFooter filters={filters} shown={rows.length} hasMore={hasNextPage} />
      {chosen.rows.length > 0 && <BulkActionBar rows={chosen.rows} onClear={chosen.clear} />}
    </>
  )
}

function NoTasks({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const newTask = useNewTask()
  if (isFiltered) {
    return (
      <EmptyState title={strings.tasks.noHit}>
        <Button onClick={onClear}>{strings.tasks.clear}</Button>
      </EmptyState>
    )
  }
  return (
    <EmptyState title={strings.tasks.none}>
      <p>{strings.tasks.noneWhy}</p>
      <FirstSteps>
        <Button onClick={() => newTask.open()}>{strings.common.newTask}</Button>
      </FirstSteps>
    </EmptyState>
  )
}

function LiveIndicator() {
  const { isLive } = useSyncExternalStore(onConnectionChange, connectionStatus)
  if (!isLive) return null
  return (
    <span className={styles.head}>
      <i />
      {strings.tasks.live}
    </span>
  )
}

function focusElement(what: string): void {
  document.querySelector<HTMLElement>(`#main ${what}`)?.focus()
}
