/** Derives a machine's state, slots and labels for display. Pure. */
import type { Schemas } from '../../api/client'

export type Machine = Schemas['Machine']
export type Capability = Schemas['Capability']
export type Task = Schemas['TaskListItem']
/** The changed fields of a machine; all fields of a new one. */
export type MachineUpdate = Pick<Machine, 'id'> & Partial<Machine>

/** A machine's state. `unhealthy`: connected, but with a problem. */
export type MachineState =
  | 'offline'
  | 'unhealthy'
  | 'draining'
  | 'drained'
  | 'online'
  | 'uninstalled'
  | 'decommissioned'

const DISK_FULL_PERCENT = 90
/** Agent types that run a project's own command instead of an installed agent. */
const PROJECT_COMMAND_TYPES = ['custom', 'acp']

/** Returns the agents that are installed on the machine. */
export function agentsOf({ capabilities }: Pick<Machine, 'capabilities'>): Capability[] {
  return capabilities.filter(
    ({ agentType, reason }) =>
      !PROJECT_COMMAND_TYPES.includes(agentType) && reason !== 'binary_missing',
  )
}

/** Whether an agent gets no work. A reported problem lasts until the next report, but at most until
 *  `degradedUntil`. */
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
  if (machine.status !== 'online') return machineStatus(machine)
  return isUnhealthy(machine, now) ? 'unhealthy' : 'online'
}

/** Returns the status, or that it is offline for good: its worker was uninstalled. */
export function machineStatus({
  status,
  uninstalledAt,
}: Pick<Machine, 'status' | 'uninstalledAt'>): Machine['status'] | 'uninstalled' {
  return uninstalledAt && status !== 'decommissioned' ? 'uninstalled' : status
}

const ORDER: MachineState[] = [
  'offline',
  'unhealthy',
  'draining',
  'drained',
  'online',
  'uninstalled',
  'decommissioned',
]

/** Sorts machines that need attention first, then by name. */
export function sortByUrgency(machines: readonly Machine[], now: number): Machine[] {
  const rank = (machine: Machine) => ORDER.indexOf(machineState(machine, now))
  return [...machines].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

/** Counts machines by status, in the page's order; omits statuses without machines. */
export function countByStatus(machines: readonly Machine[]): [Machine['status'], number][] {
  const all = ['online', 'draining', 'drained', 'offline'] as const
  return all
    .map((status) => [status, machines.filter((one) => one.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => [status, count])
}

export type Slots = {
  /** Tasks that occupy a slot. */
  occupied: Task[]
  /** Occupied slots of tasks that the user can't see. */
  hidden: number
  free: number
  /** Tasks whose workspace is on the machine, without a slot. */
  retained: Task[]
}

/** Returns the tasks that occupy the machine's slots, and the free slots. */
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

/** A task that waits at a gate, or for budget or quota, occupies no slot. */
function occupiesSlot({ status, suspendReason }: Task): boolean {
  if (status !== 'suspended') return true
  return suspendReason === 'question' || suspendReason === 'machine_lost'
}

/** Extracts the version, such as `2.1.197`, from an agent's output. */
export function versionOf(output: string | null | undefined): string {
  return output?.match(/\d+(\.\d+)+[\w.-]*/)?.[0] ?? output ?? ''
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

/** Returns labels as `zone=eu`, sorted. */
export function labelsOf({ labels }: Pick<Machine, 'labels'>): string[] {
  return Object.entries(labels)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .sort()
}

/** Applies updates to the list. A new machine that isn't fully known appears once the list is
 *  fetched again. */
export function applyUpdates(known: readonly Machine[], news: readonly MachineUpdate[]): Machine[] {
  const ids = new Set(known.map(({ id }) => id))
  const added = news.filter((one): one is Machine => !ids.has(one.id) && one.name !== undefined)
  return [...changeMachines(known, news), ...added].filter(
    ({ status }) => status !== 'decommissioned',
  )
}

/** Applies updates to the known machines only. */
export function changeMachines(
  known: readonly Machine[],
  news: readonly MachineUpdate[],
): Machine[] {
  const changes = new Map(news.map((one) => [one.id, one]))
  return known.map((machine) => {
    const change = changes.get(machine.id)
    return change ? { ...machine, ...change } : machine
  })
}
