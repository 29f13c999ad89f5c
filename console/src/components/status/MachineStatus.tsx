import { strings } from '../../i18n'
import type { MachineState } from '../../lib/machine/machines'
import { StatusIcon, type StatusIconName } from './Status'

const SHAPES: Record<MachineState, StatusIconName> = {
  online: 'online',
  unhealthy: 'unhealthy',
  draining: 'draining',
  drained: 'draining',
  offline: 'offline',
  uninstalled: 'offline',
  decommissioned: 'cancelled',
}

/** The color that each state shares with a task status. */
export const TONES: Record<MachineState, string> = {
  online: 'completed',
  unhealthy: 'needs',
  draining: 'waits',
  drained: 'waits',
  offline: 'failed',
  uninstalled: 'cancelled',
  decommissioned: 'cancelled',
}

export function MachineStatusIcon({ standing }: { standing: MachineState }) {
  return (
    <span className="tone" data-is={TONES[standing]}>
      <StatusIcon look={SHAPES[standing]} />
    </span>
  )
}

/** A machine's status as shape, color and word. An unhealthy machine shows as online; its problem
 *  is displayed next to it. */
export function MachineStatus({ standing }: { standing: MachineState }) {
  const word = standing === 'unhealthy' ? 'online' : standing
  return (
    <span className="status" data-is={TONES[standing]}>
      <StatusIcon look={SHAPES[standing]} />
      {strings.machines.statuses[word]}
    </span>
  )
}
