import { MachineStatusIcon } from '../../components/status/MachineStatus'
import { strings } from '../../i18n'
import { countByStatus, type Machine } from '../../lib/machine/machines'
import styles from './machines.module.css'

/** The number of machines per status, and how many of their slots are used. */
export function MachineCounts({ machines }: { machines: readonly Machine[] }) {
  const total = machines.reduce((sum, { slots }) => sum + slots.total, 0)
  const used = machines.reduce((sum, { slots }) => sum + slots.used, 0)
  if (machines.length === 0) return <span className="grow" />
  return (
    <div className={`${styles.sums} wide`}>
      {countByStatus(machines).map(([status, count]) => (
        <span key={status} className="row">
          <MachineStatusIcon standing={status} />
          {strings.machines.sums[status](count)}
        </span>
      ))}
      <span>{strings.machines.slotsTaken(used, total)}</span>
    </div>
  )
}
