import { Link } from '@tanstack/react-router'
import { Ellipsis } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { Menu } from '../../components/controls/Menu'
import { useTicking } from '../../components/hooks/useNow'
import { MachineStatus } from '../../components/status/MachineStatus'
import { strings } from '../../i18n'
import { labelsOf, type Machine, machineState, type Task } from '../../lib/machine/machines'
import { Agents, SandboxLine } from './Agents'
import { CurrentLoad } from './CurrentLoad'
import { hardwareSummary } from './hardwareSummary'
import styles from './machines.module.css'
import { Problems } from './Problems'
import { SlotChips } from './SlotChips'
import { Sparkline } from './Sparkline'
import { type OpenDialog, useMachineActions } from './useMachineActions'

export function MachineCard(props: {
  machine: Machine
  day: Schemas['MachineDay'] | undefined
  tasks: readonly Task[]
  onOpen: OpenDialog
}) {
  const { machine, day, tasks, onOpen } = props
  const standing = useTicking((now) => machineState(machine, now))
  const title = `machine-${machine.id}`
  return (
    <article className={`panel ${styles.card}`} aria-labelledby={title}>
      <div className={styles.head}>
        <h2 id={title}>
          <Link className="tall" to="/machines/$machineId" params={{ machineId: machine.id }}>
            {machine.name}
          </Link>
        </h2>
        <MachineStatus standing={standing} />
        <ActionMenu machine={machine} onOpen={onOpen} />
      </div>
      <p className="dim">{hardwareSummary(machine)}</p>
      <div className={styles.load}>
        <Sparkline day={day} isAlive={machine.connected} />
        <CurrentLoad machine={machine} />
      </div>
      <dl className={styles.part}>
        <dt>{strings.machines.slots}</dt>
        <dd>
          <SlotChips machine={machine} tasks={tasks} />
        </dd>
      </dl>
      <Properties machine={machine} />
      <Problems machine={machine} tasks={tasks} />
    </article>
  )
}

function ActionMenu({ machine, onOpen }: { machine: Machine; onOpen: OpenDialog }) {
  const acts = useMachineActions(machine, onOpen)
  if (acts.length === 0) return null
  const button = (
    <Button variant="quiet" size="square" aria-label={strings.machines.moreFor(machine.name)}>
      <Ellipsis className="i" aria-hidden="true" />
    </Button>
  )
  return <Menu items={acts} button={button} />
}

/** What decides which tasks the machine can run. */
function Properties({ machine }: { machine: Machine }) {
  const labels = labelsOf(machine)
  return (
    <dl className={styles.part}>
      <dt>{strings.machines.agents}</dt>
      <dd>
        <Agents machine={machine} />
      </dd>
      <dt>{strings.machines.sandbox}</dt>
      <dd>
        <SandboxLine machine={machine} />
      </dd>
      {labels.length > 0 && (
        <>
          <dt>{strings.machines.labels}</dt>
          <dd className={styles.labels}>
            {labels.map((label) => (
              <span key={label} className="badge mono">
                {label}
              </span>
            ))}
          </dd>
        </>
      )}
    </dl>
  )
}
