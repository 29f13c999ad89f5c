import type { Machine } from '../../lib/fleet'
import { percent } from '../../lib/numbers'
import { locale, words } from '../../words'
import styles from './machines.module.css'

const FULL_PERCENT = 90

/** What the machine last said of itself; of one that is away nothing is known. */
export function LoadNow({ machine }: { machine: Machine }) {
  const { cpuPercent, memoryPercent, diskPercent } = machine.metrics
  const isAway = machine.status === 'offline'
  const rows: [string, number | null][] = [
    [words.machines.cpu, cpuPercent],
    [words.machines.memory, memoryPercent],
    [words.machines.disk, diskPercent],
  ]
  return (
    <dl className={styles.now}>
      {rows.map(([name, said]) => {
        const value = isAway ? null : said
        const isFull = name === words.machines.disk && (value ?? 0) >= FULL_PERCENT
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd aria-hidden="true">
              <span className="meter" data-is={isFull ? 'needs' : 'queued'}>
                <i style={{ width: `${value ?? 0}%` }} />
              </span>
            </dd>
            <dd className="num">{value === null ? '–' : percent(value / 100, locale)}</dd>
          </div>
        )
      })}
    </dl>
  )
}
