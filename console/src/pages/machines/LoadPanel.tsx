import { lazy, Suspense } from 'react'
import { Button } from '../../components/controls/Button'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { strings } from '../../i18n'
import type { Machine } from '../../lib/machine/machines'
import { type Step, useSamples } from '../../queries/machines'
import styles from './machine.module.css'

const LoadChart = lazy(() => import('./LoadChart'))

/** The load over 24 hours or 90 days. Loads the chart's code only when there is data. */
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
        <h2 id="load-title">{strings.machines.load}</h2>
        <span className="join">
          {(['minute', 'hour'] as const).map((step) => (
            <Button key={step} aria-pressed={range === step} onClick={() => onRange(step)}>
              {strings.machines.ranges[step]}
            </Button>
          ))}
        </span>
      </div>
      <div className={`panel ${styles.chart}`}>
        {!samples &&
          (error ? <ErrorMessage error={error} again={() => void refetch()} /> : <Skeleton />)}
        {samples && samples.at.length === 0 && (
          <p className={`soft ${styles.nothing}`}>{strings.machines.noSamples[range]}</p>
        )}
        {samples && samples.at.length > 0 && (
          <Suspense fallback={<Skeleton />}>
            <LoadChart
              samples={samples}
              slots={machine.slots.total}
              label={strings.machines.chartOf(machine.name, strings.machines.ranges[range])}
            />
          </Suspense>
        )}
      </div>
    </section>
  )
}
