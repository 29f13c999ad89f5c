import { lazy, Suspense } from 'react'
import type { Machine } from '../../lib/fleet'
import { type Step, useSamples } from '../../queries/machines'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Ghost } from '../../ui/Ghost'
import { words } from '../../words'
import styles from './machine.module.css'

const LoadChart = lazy(() => import('./LoadChart'))

/** The load of a day or of a season. What draws it is loaded when there is something to draw. */
export function LoadPanel(props: {
  machine: Machine
  range: Step
  onRange: (range: Step) => void
}) {
  const { machine, range, onRange } = props
  const { data: samples, error, refetch } = useSamples(machine.id, range)
  return (
    <section aria-labelledby="load-title">
      <div className={styles.loadHead}>
        <h2 id="load-title">{words.machines.load}</h2>
        <span className="join">
          {(['minute', 'hour'] as const).map((step) => (
            <Button key={step} aria-pressed={range === step} onClick={() => onRange(step)}>
              {words.machines.ranges[step]}
            </Button>
          ))}
        </span>
      </div>
      <div className={`panel ${styles.chart}`}>
        {!samples && (error ? <Broken error={error} again={() => void refetch()} /> : <Ghost />)}
        {samples && samples.at.length === 0 && (
          <p className={`soft ${styles.nothing}`}>{words.machines.noSamples[range]}</p>
        )}
        {samples && samples.at.length > 0 && (
          <Suspense fallback={<Ghost />}>
            <LoadChart
              samples={samples}
              slots={machine.slots.total}
              label={words.machines.chartOf(machine.name, words.machines.ranges[range])}
            />
          </Suspense>
        )}
      </div>
    </section>
  )
}
