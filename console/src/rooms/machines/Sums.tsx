import { type Machine, sums } from '../../lib/fleet'
import { words } from '../../words'
import { MachineMark } from './MachineMark'
import styles from './machines.module.css'

/** How many machines stand how, and how many of their slots are taken. */
export function Sums({ machines }: { machines: readonly Machine[] }) {
  const total = machines.reduce((sum, { slots }) => sum + slots.total, 0)
  const used = machines.reduce((sum, { slots }) => sum + slots.used, 0)
  if (machines.length === 0) return <span className="grow" />
  return (
    <div className={`${styles.sums} wide`}>
      {sums(machines).map(([status, count]) => (
        <span key={status} className="row">
          <MachineMark standing={status} />
          {words.machines.sums[status](count)}
        </span>
      ))}
      <span>{words.machines.slotsTaken(used, total)}</span>
    </div>
  )
}
