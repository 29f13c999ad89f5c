import type { Standing } from '../../lib/fleet'
import { type Shape, StatusMark } from '../../ui/Status'
import { words } from '../../words'

const SHAPES: Record<Standing, Shape> = {
  online: 'online',
  unwell: 'unwell',
  draining: 'draining',
  drained: 'draining',
  offline: 'offline',
  decommissioned: 'cancelled',
}

/** Which of the tones of tasks each standing has. */
export const TONES: Record<Standing, string> = {
  online: 'completed',
  unwell: 'needs',
  draining: 'waits',
  drained: 'waits',
  offline: 'failed',
  decommissioned: 'cancelled',
}

export function MachineMark({ standing }: { standing: Standing }) {
  return (
    <span className="tone" data-is={TONES[standing]}>
      <StatusMark look={SHAPES[standing]} />
    </span>
  )
}

/** Shape, colour and word. One that is unwell is online, and says beside it what is wrong. */
export function MachineStatus({ standing }: { standing: Standing }) {
  const word = standing === 'unwell' ? 'online' : standing
  return (
    <span className="status" data-is={TONES[standing]}>
      <StatusMark look={SHAPES[standing]} />
      {words.machines.statuses[word]}
    </span>
  )
}
