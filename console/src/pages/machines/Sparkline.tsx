import type { Schemas } from '../../api/client'
import { useTicking } from '../../components/hooks/useNow'
import { strings } from '../../i18n'
import { areaPaths, HEIGHT, WIDTH } from '../../lib/machine/sparkline'
import styles from './machines.module.css'

const MINUTE_MILLISECONDS = 60_000
const HALF_HOUR_MILLISECONDS = 30 * 60_000

/** The CPU load over a day, on a fixed scale. */
export function Sparkline(props: { day: Schemas['MachineDay'] | undefined; isAlive: boolean }) {
  const { day, isAlive } = props
  const now = useTicking((moment) => moment - (moment % MINUTE_MILLISECONDS))
  const stretches = day ? areaPaths(day.at, day.cpuPercent, now, HALF_HOUR_MILLISECONDS) : []
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        data-is={isAlive ? 'running' : 'waits'}
        role="img"
        aria-label={strings.machines.cpuOverDay}
      >
        <path className={styles.base} d={`M0 2.5H${WIDTH}`} />
        {stretches.map((points) => (
          <polyline key={points} className={styles.area} points={points} />
        ))}
        <path className={styles.base} d={`M0 42.5H${WIDTH}`} />
      </svg>
      <figcaption>
        <span>{strings.machines.dayAgo}</span>
        <span>{strings.machines.cpu}</span>
        <span>{strings.machines.now}</span>
      </figcaption>
    </figure>
  )
}
