import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { chosen, type Filter, inOrder } from '../../lib/fleet'
import { useDays, useMachines, useTasksOnMachines } from '../../queries/machines'
import { useMe } from '../../queries/me'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Empty } from '../../ui/Empty'
import { Ghost } from '../../ui/Ghost'
import { Page } from '../../ui/Page'
import { useNow } from '../../ui/useNow'
import { words } from '../../words'
import { AddDialog } from './AddDialog'
import { DrainDialog } from './DrainDialog'
import { Filters } from './Filters'
import { MachineCard } from './MachineCard'
import styles from './machines.module.css'
import { Sums } from './Sums'

type Search = Filter & { add?: string; drain?: string }

export default function MachinesPage() {
  const { data: all, error, refetch } = useMachines()
  const tasks = useTasksOnMachines() ?? []
  const days = new Map(useDays()?.map((day) => [day.machineId, day]))
  const me = useMe()
  const { add, drain, ...filter } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const go = (search: Search) =>
    void navigate({ to: '/machines', search: { ...filter, ...search } as never })
  const now = useNow()
  const machines = all && inOrder(chosen(all, filter), now)
  const drained = all?.find(({ id }) => id === drain)
  const mayAdd = me?.role === 'admin'
  return (
    <Page
      title={words.machines.title}
      aside={
        <>
          {all && <Sums machines={all} />}
          {mayAdd && (
            <Button className={styles.add} onClick={() => go({ add: '1' })}>
              <Plus className="i" aria-hidden="true" />
              {words.machines.add}
            </Button>
          )}
        </>
      }
    >
      {all && all.length > 0 && <Filters machines={all} filter={filter} onChange={go} />}
      {error && !all && <Broken error={error} again={() => void refetch()} />}
      {!error && !all && <Ghost />}
      {all?.length === 0 && (
        <Empty title={words.machines.none}>
          <p>{words.machines.noneWhy}</p>
          {mayAdd && (
            <Button look="main" onClick={() => go({ add: '1' })}>
              {words.machines.add}
            </Button>
          )}
        </Empty>
      )}
      {all && all.length > 0 && machines?.length === 0 && (
        <Empty title={words.machines.noneFound}>
          <Button onClick={() => void navigate({ to: '/machines' })}>
            {words.machines.dropFilter}
          </Button>
        </Empty>
      )}
      <div className={styles.grid}>
        {machines?.map((machine) => (
          <MachineCard
            key={machine.id}
            machine={machine}
            day={days.get(machine.id)}
            tasks={tasks}
            onDrain={() => go({ drain: machine.id })}
          />
        ))}
      </div>
      {drained && <DrainDialog machine={drained} onClose={() => go({})} />}
      {add && mayAdd && <AddDialog onClose={() => go({})} />}
    </Page>
  )
}
