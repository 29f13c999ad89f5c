import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { type Machine, standingOf } from '../../lib/fleet'
import { type Step, useMachine, useTasksOf } from '../../queries/machines'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Ghost } from '../../ui/Ghost'
import { Page } from '../../ui/Page'
import { useNow } from '../../ui/useNow'
import { words } from '../../words'
import { MissingPage } from '../missing/MissingPage'
import { DrainDialog } from './DrainDialog'
import { LoadNow } from './LoadNow'
import { LoadPanel } from './LoadPanel'
import { MachineFacts } from './MachineFacts'
import { MachineStatus } from './MachineMark'
import { MachineTasks } from './MachineTasks'
import styles from './machine.module.css'
import { Problems } from './Problems'
import { SlotChips } from './SlotChips'
import { subline } from './subline'
import { useMachineActs } from './useMachineActs'

type Search = { range?: Step; drain?: string }

export default function MachinePage() {
  const { machineId = '' } = useParams({ strict: false })
  const { data: machine, error, refetch } = useMachine(machineId)
  if (machine) return <OneMachine key={machine.id} machine={machine} />
  if (error && asProblem(error).status === 404) return <MissingPage />
  return (
    <Page title={words.machines.title}>
      {error ? <Broken error={error} again={() => void refetch()} /> : <Ghost />}
    </Page>
  )
}

function OneMachine({ machine }: { machine: Machine }) {
  const { range = 'minute', drain } = useSearch({ strict: false }) as Search
  const tasks = useTasksOf(machine.id)
  const live = (tasks.data ?? []).filter(
    ({ status }) => status === 'assigned' || status === 'running' || status === 'suspended',
  )
  const navigate = useNavigate()
  const go = (search: Search) =>
    void navigate({ to: '.', search: { range, ...search } as never, replace: true })
  const acts = useMachineActs(machine, () => go({ drain: '1' }))
  return (
    <Page
      title={machine.name}
      aside={
        <>
          <MachineStatus standing={standingOf(machine, useNow())} />
          <span className="dim grow wide">{subline(machine)}</span>
          <span className={`row ${styles.acts}`}>
            {acts.map(({ name, act }) => (
              <Button key={name} onClick={act}>
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
        <aside className={styles.side} aria-label={words.machines.facts}>
          <LoadNow machine={machine} />
          <section>
            <h2>{words.machines.slots}</h2>
            <SlotChips machine={machine} tasks={live} />
          </section>
          <MachineFacts machine={machine} />
        </aside>
      </div>
      {drain && <DrainDialog machine={machine} onClose={() => go({})} />}
    </Page>
  )
}
