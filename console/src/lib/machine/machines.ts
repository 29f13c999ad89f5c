/** What people want to know of machines at a glance. Pure. */
import type { Schemas } from '../../api/client'

export type Machine = Schemas['Machine']
export type Capability = Schemas['Capability']
export type Task = Schemas['ListedTask']
/** Of a machine that has changed what is other than before; of a new one all. */
export type MachineUpdate = Pick<Machine, 'id'> & Partial<Machine>

/** How a machine stands. `unhealthy`: it works, but not as it should. */
export type MachineState =
  | 'offline'
  | 'unhealthy'
  | 'draining'
  | 'drained'
  | 'online'
  | 'decommissioned'

const DISK_FULL_PERCENT = 90
/** The way to run an agent that is the project's own, not an agent that is installed. */
const PROJECT_COMMAND_TYPES = ['custom', 'acp']

/** The agents that are installed there. */
export function agentsOf({ capabilities }: Pick<Machine, 'capabilities'>): Capability[] {
  return capabilities.filter(
    ({ agentType, reason }) =>
      !PROJECT_COMMAND_TYPES.includes(agentType) && reason !== 'binary_missing',
  )
}

/** Whether an agent is given no work. What a machine has said of a while stands until it says more,
 *  and is over when that has ended. */
export function isAgentUnhealthy({ healthy, degradedUntil }: Capability, now: number): boolean {
  const isOver = degradedUntil ? Date.parse(degradedUntil) <= now : false
  return healthy === false && !isOver
}

function isUnhealthy(machine: Machine, now: number): boolean {
  return (
    agentsOf(machine).some((agent) => isAgentUnhealthy(agent, now)) ||
    (machine.metrics.diskPercent ?? 0) >= DISK_FULL_PERCENT
  )
}

export function machineState(machine: Machine, now: number): MachineState {
  if (machine.status !== 'online') return machine.status
  return isUnhealthy(machine, now) ? 'unhealthy' : 'online'
}

const ORDER: MachineState[] = [
  'offline',
  'unhealthy',
  'draining',
  'drained',
  'online',
  'decommissioned',
]

/** Those first that want somebody, then by name. */
export function sortByUrgency(machines: readonly Machine[], now: number): Machine[] {
  const rank = (machine: Machine) => ORDER.indexOf(machineState(machine, now))
  return [...machines].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

/** How many stand how, in the order of the page; none that nobody stands in. */
export function countByStatus(machines: readonly Machine[]): [Machine['status'], number][] {
  const all = ['online', 'draining', 'drained', 'offline'] as const
  return all
    .map((status) => [status, machines.filter((one) => one.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => [status, count])
}

export type Slots = {
  /** Tasks that hold a slot. */
  occupied: Task[]
  /** Slots that are held by what one may not see. */
  hidden: number
  free: number
  /** Tasks whose work lies there, without a slot. */
  retained: Task[]
}

/** What sits in the machine's slots. */
export function slotsOf({ id, slots }: Machine, tasks: readonly Task[]): Slots {
  const here = tasks.filter(({ machineId }) => machineId === id)
  const held = here.filter(occupiesSlot).sort((a, b) => a.id - b.id)
  const free = Math.max(0, slots.total - Math.max(slots.used, held.length))
  return {
    occupied: held,
    hidden: Math.max(0, slots.used - held.length),
    free,
    retained: here.filter((task) => !occupiesSlot(task)).sort((a, b) => a.id - b.id),
  }
}

/** Whoever is asked at a gate, or waits for money or time, holds none. */
function occupiesSlot({ status, suspendReason }: Task): boolean {
  if (status !== 'suspended') return true
  return suspendReason === 'question' || suspendReason === 'machine_lost'
}

/** `2.1.197`, of whatever an agent prints as its version. */
export function versionOf(said: string | null | undefined): string {
  return said?.match(/\d+(\.\d+)+[\w.-]*/)?.[0] ?? said ?? ''
}

export type Filter = {
  status?: string | undefined
  agent?: string | undefined
  sandbox?: string | undefined
  label?: string | undefined
}

export function filterMachines(machines: readonly Machine[], filter: Filter): Machine[] {
  return machines.filter(
    (machine) =>
      (!filter.status || machine.status === filter.status) &&
      (!filter.agent || agentsOf(machine).some(({ agentType }) => agentType === filter.agent)) &&
      (!filter.sandbox || machine.sandbox?.level === filter.sandbox) &&
      (!filter.label || labelsOf(machine).includes(filter.label)),
  )
}

/** `zone=eu`, by name. */
export function labelsOf({ labels }: Pick<Machine, 'labels'>): string[] {
  return Object.entries(labels)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .sort()
}

/** The machines with what has changed of them. One of which not all is known waits until the list
 *  is read anew. */
export function applyUpdates(known: readonly Machine[], news: readonly MachineUpdate[]): Machine[] {
  const changes = new Map(news.map((one) => [one.id, one]))
  const old = known.map((machine) => {
    const change = changes.get(machine.id)
    changes.delete(machine.id)
    return change ? { ...machine, ...change } : machine
  })
  const added = [...changes.values()].filter((one): one is Machine => one.name !== undefined)
  return [...old, ...added].filter(({ status }) => status !== 'decommissioned')
}
