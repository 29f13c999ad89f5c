import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Suspense } from 'react'
import { asProblem } from '../../api/problem'
import { Button } from '../../components/controls/Button'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { useTicking } from '../../components/hooks/useNow'
import { lazyComponent } from '../../components/lazyComponent'
import { Page } from '../../components/page/Page'
import { MachineStatus } from '../../components/status/MachineStatus'
import { strings } from '../../i18n'
import { type Machine, machineState } from '../../lib/machine/machines'
import { type Step, useMachine, useMachineTasks } from '../../queries/machines'
import { NotFoundPage } from '../errors/NotFoundPage'
import { CurrentLoad } from './CurrentLoad'
import { DrainDialog } from './DrainDialog'
import { hardwareSummary } from './hardwareSummary'
import { LoadPanel } from './LoadPanel'
import { MachineFacts } from './MachineFacts'
import { MachineTasks } from './MachineTasks'
import styles from './machine.module.css'
import { Problems } from './Problems'
import { SlotChips } from './SlotChips'
import { useMachineActions } from './useMachineActions'

const DecommissionDialog = lazyComponent(() => import('./DecommissionDialog'))

type Search = { range?: Step; drain?: string; decommission?: string }

export default function MachinePage() {
  const { machineId = '' } = useParams({ strict: false })
  const { data: machine, error, refetch } = useMachine(machineId)
  if (machine) return <MachineView key={machine.id} machine={machine} />
  if (error && asProblem(error).status === 404) return <NotFoundPage />
  return (
    <Page title={strings.machines.title}>
      {error ? <ErrorMessage error={error} again={() => void refetch()} /> : <Skeleton />}
    </Page>
  )
}

function MachineView({ machine }: { machine: Machine }) {
  const { range = 'minute', drain, decommission } = useSearch({ strict: false }) as Search
  const tasks = useMachineTasks(machine.id)
  const live = (tasks.data ?? []).filter(
    ({ status }) => status === 'assigned' || status === 'running' || status === 'suspended',
  )
  const navigate = useNavigate()
  const go = (search: Search) =>
    void navigate({ to: '.', search: { range, ...search } as never, replace: true })
  const acts = useMachineActions(machine, (what) => go({ [what]: '1' }))
  return (
    <Page
      title={machine.name}
      aside={
        <>
          <MachineStatus standing={useTicking((now) => machineState(machine, now))} />
          <span className="dim grow wide">{hardwareSummary(machine)}</span>
          <span className={`row ${styles.acts}`}>
            {acts.map(({ name, onSelect }) => (
              <Button key={name} onClick={onSelect}>
                {name}
              </Button>
            ))}
          </span>
        </>
      }
    >
      <Problems machine={machine} tasks={live} />
      <div className={styles.columns}>
        <div className={styles.main}>
          <LoadPanel machine={machine} range={range} onRange={(step) => go({ range: step })} />
          <MachineTasks tasks={tasks.data} error={tasks.error} />
        </div>
        <aside className={styles.side} aria-label={strings.machines.facts}>
          <CurrentLoad machine={machine} />
          <section>
            <h2>{strings.machines.slots}</h2>
            <SlotChips machine={machine} tasks={live} />
          </section>
          <MachineFacts machine={machine} />
        </aside>
      </div>
      {drain && <DrainDialog machine={machine} onClose={() => go({})} />}
      <Suspense>
        {decommission && <DecommissionDialog machine={machine} onClose={() => go({})} />}
      </Suspense>
    </Page>
  )
}
