import 'uplot/dist/uPlot.min.css'
import type uPlot from 'uplot'
import type { Schemas } from '../api/client'
import { daysOf } from '../lib/days'
import { Chart } from './Chart'
import styles from './UsageCharts.module.css'

type Props = {
  days: readonly Schemas['UsageGroup'][]
  /** The first day (`2030-01-31`), and how many there are. */
  from: string
  count: number
  say: { tokens: string; costs: string; input: string; output: string; cost: string }
}

/** Tokens day by day, and what they cost where that is known. */
export function UsageCharts({ days, from, count, say }: Props) {
  const { at, input, output, cost } = daysOf(days, from, count)
  return (
    <div className={styles.charts}>
      <div className={`panel ${styles.chart}`}>
        <Chart
          label={say.tokens}
          isDays
          lines={[
            { name: say.input, colour: '--running', isBar: true },
            { name: say.output, colour: '--completed' },
          ]}
          data={[at, input, output] as uPlot.AlignedData}
        />
      </div>
      {cost.some((one) => one !== null && one > 0) && (
        <div className={`panel ${styles.chart}`}>
          <Chart
            label={say.costs}
            isDays
            lines={[{ name: say.cost, colour: '--assigned', isBar: true, unit: '$' }]}
            data={[at, cost] as uPlot.AlignedData}
          />
        </div>
      )}
    </div>
  )
}
