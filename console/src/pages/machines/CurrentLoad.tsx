import { locale, strings } from '../../i18n'
import { formatPercent } from '../../lib/format/numbers'
import type { Machine } from '../../lib/machine/machines'
import styles from './machines.module.css'

const DISK_FULL_PERCENT = 90

/** The machine's latest metrics. Those of an offline machine are unknown. */
export function CurrentLoad({ machine }: { machine: Machine }) {
  const { cpuPercent, memoryPercent, diskPercent } = machine.metrics
  const isAway = machine.status === 'offline'
  const rows: [string, number | null][] = [
    [strings.machines.cpu, cpuPercent],
    [strings.machines.memory, memoryPercent],
    [strings.machines.disk, diskPercent],
  ]
  return (
    <dl className={styles.now}>
      {rows.map(([name, said]) => {
        const value = isAway ? null : said
        const isFull = name === strings.machines.disk && (value ?? 0) >= DISK_FULL_PERCENT
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd aria-hidden="true">
              <span className="meter" data-is={isFull ? 'needs' : 'queued'}>
                <i style={{ width: `${value ?? 0}%` }} />
              </span>
            </dd>
            <dd className="num">{value === null ? '–' : formatPercent(value / 100, locale)}</dd>
          </div>
        )
      })}
    </dl>
  )
}
