import { Link } from '@tanstack/react-router'
import { Ellipsis } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { labelsOf, type Machine, standingOf, type Task } from '../../lib/fleet'
import { Button } from '../../ui/Button'
import { Menu } from '../../ui/Menu'
import { useNow } from '../../ui/useNow'
import { words } from '../../words'
import { Agents, RoomLine } from './Agents'
import { LoadNow } from './LoadNow'
import { MachineStatus } from './MachineMark'
import styles from './machines.module.css'
import { Problems } from './Problems'
import { SlotChips } from './SlotChips'
import { Spark } from './Spark'
import { subline } from './subline'
import { useMachineActs } from './useMachineActs'

export function MachineCard(props: {
  machine: Machine
  day: Schemas['MachineDay'] | undefined
  tasks: readonly Task[]
  onDrain: () => void
}) {
  const { machine, day, tasks, onDrain } = props
  const acts = useMachineActs(machine, onDrain)
  const labels = labelsOf(machine)
  const standing = standingOf(machine, useNow())
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
        {acts.length > 0 && (
          <Menu
            items={acts}
            button={
              <Button look="quiet" size="square" aria-label={words.machines.moreFor(machine.name)}>
                <Ellipsis className="i" aria-hidden="true" />
              </Button>
            }
          />
        )}
      </div>
      <p className="dim">{subline(machine)}</p>
      <div className={styles.load}>
        <Spark day={day} isAlive={machine.connected} />
        <LoadNow machine={machine} />
      </div>
      <dl className={styles.part}>
        <dt>{words.machines.slots}</dt>
        <dd>
          <SlotChips machine={machine} tasks={tasks} />
        </dd>
      </dl>
      <dl className={styles.part}>
        <dt>{words.machines.agents}</dt>
        <dd>
          <Agents machine={machine} />
        </dd>
        <dt>{words.machines.room}</dt>
        <dd>
          <RoomLine machine={machine} />
        </dd>
        {labels.length > 0 && (
          <>
            <dt>{words.machines.labels}</dt>
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
      <Problems machine={machine} tasks={tasks} />
    </article>
  )
}
