import type { Schemas } from '../../api/client'
import { areas, HEIGHT, WIDTH } from '../../lib/spark'
import { useNow } from '../../ui/useNow'
import { words } from '../../words'
import styles from './machines.module.css'

const HALF_HOUR_MILLISECONDS = 30 * 60_000

/** The processor's load over a day, on a fixed scale. */
export function Spark(props: { day: Schemas['MachineDay'] | undefined; isAlive: boolean }) {
  const { day, isAlive } = props
  const now = useNow()
  const stretches = day ? areas(day.at, day.cpuPercent, now, HALF_HOUR_MILLISECONDS) : []
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        data-is={isAlive ? 'running' : 'waits'}
        role="img"
        aria-label={words.machines.cpuOverDay}
      >
        <path className={styles.base} d={`M0 2.5H${WIDTH}`} />
        {stretches.map((points) => (
          <polyline key={points} className={styles.area} points={points} />
        ))}
        <path className={styles.base} d={`M0 42.5H${WIDTH}`} />
      </svg>
      <figcaption>
        <span>{words.machines.dayAgo}</span>
        <span>{words.machines.cpu}</span>
        <span>{words.machines.now}</span>
      </figcaption>
    </figure>
  )
}
