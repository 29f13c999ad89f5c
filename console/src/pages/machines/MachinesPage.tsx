import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { Suspense } from 'react'
import { Button } from '../../components/controls/Button'
import { EmptyState } from '../../components/feedback/EmptyState'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { FirstSteps } from '../../components/feedback/FirstSteps'
import { Skeleton } from '../../components/feedback/Skeleton'
import { useNow } from '../../components/hooks/useNow'
import { lazyComponent } from '../../components/lazyComponent'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import {
  type Filter,
  filterMachines,
  type Machine,
  sortByUrgency,
} from '../../lib/machine/machines'
import { useMachineDays, useMachines, useTasksOnMachines } from '../../queries/machines'
import { useMe } from '../../queries/me'
import { AddMachineDialog } from './AddMachineDialog'
import { DrainDialog } from './DrainDialog'
import { Filters } from './Filters'
import { MachineCard } from './MachineCard'
import { MachineCounts } from './MachineCounts'
import styles from './machines.module.css'

const DecommissionDialog = lazyComponent(() => import('./DecommissionDialog'))

type Search = Filter & { add?: string; drain?: string; decommission?: string }

export default function MachinesPage() {
  const { data: all, error, refetch } = useMachines()
  const tasks = useTasksOnMachines() ?? []
  const days = new Map(useMachineDays()?.map((day) => [day.machineId, day]))
  const me = useMe()
  const { add, drain, decommission, ...filter } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const go = (search: Search) =>
    void navigate({ to: '/machines', search: { ...filter, ...search } as never })
  const now = useNow()
  const machines = all && sortByUrgency(filterMachines(all, filter), now)
  const drained = all?.find(({ id }) => id === drain)
  const retired = all?.find(({ id }) => id === decommission)
  const canAdd = me?.role === 'admin'
  const openAdd = canAdd ? () => go({ add: '1' }) : null
  return (
    <Page title={strings.machines.title} aside={<Aside machines={all} onAdd={openAdd} />}>
      {all && all.length > 0 && <Filters machines={all} filter={filter} onChange={go} />}
      {error && !all && <ErrorMessage error={error} again={() => void refetch()} />}
      {!error && !all && <Skeleton />}
      {all?.length === 0 && (
        <EmptyState title={strings.machines.none}>
          <p>{strings.machines.noneWhy}</p>
          <FirstSteps />
        </EmptyState>
      )}
      {all && all.length > 0 && machines?.length === 0 && (
        <EmptyState title={strings.machines.noneFound}>
          <Button onClick={() => void navigate({ to: '/machines' })}>
            {strings.machines.dropFilter}
          </Button>
        </EmptyState>
      )}
      <div className={styles.grid}>
        {machines?.map((machine) => (
          <MachineCard
            key={machine.id}
            machine={machine}
            day={days.get(machine.id)}
            tasks={tasks}
            onOpen={(what) => go({ [what]: machine.id })}
          />
        ))}
      </div>
      {drained && <DrainDialog machine={drained} onClose={() => go({})} />}
      <Suspense>
        {retired && <DecommissionDialog machine={retired} onClose={() => go({})} />}
      </Suspense>
      {add && canAdd && <AddMachineDialog onClose={() => go({})} />}
    </Page>
  )
}

/** `onAdd`: null if it isn't allowed. */
function Aside(props: { machines: Machine[] | undefined; onAdd: (() => void) | null }) {
  const { machines, onAdd } = props
  return (
    <>
      {machines && <MachineCounts machines={machines} />}
      {onAdd && (
        <Button className={styles.add} onClick={onAdd}>
          <Plus className="i" aria-hidden="true" />
          {strings.machines.add}
        </Button>
      )}
    </>
  )
}
