import { strings } from '../../i18n'
import type { MachineState } from '../../lib/machine/machines'
import { StatusIcon, type StatusIconName } from './Status'

const SHAPES: Record<MachineState, StatusIconName> = {
  online: 'online',
  unhealthy: 'unhealthy',
  draining: 'draining',
  drained: 'draining',
  offline: 'offline',
  decommissioned: 'cancelled',
}

/** Which of the tones of tasks each standing has. */
export const TONES: Record<MachineState, string> = {
  online: 'completed',
  unhealthy: 'needs',
  draining: 'waits',
  drained: 'waits',
  offline: 'failed',
  decommissioned: 'cancelled',
}

export function MachineStatusIcon({ standing }: { standing: MachineState }) {
  return (
    <span className="tone" data-is={TONES[standing]}>
      <StatusIcon look={SHAPES[standing]} />
    </span>
  )
}

/** Shape, colour and word. One that is unwell is online, and says beside it what is wrong. */
export function MachineStatus({ standing }: { standing: MachineState }) {
  const word = standing === 'unhealthy' ? 'online' : standing
  return (
    <span className="status" data-is={TONES[standing]}>
      <StatusIcon look={SHAPES[standing]} />
      {strings.machines.statuses[word]}
    </span>
  )
}
