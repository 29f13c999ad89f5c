import 'uplot/dist/uPlot.min.css'
import type uPlot from 'uplot'
import type { Schemas } from '../../api/client'
import { dailyUsage } from '../../lib/format/dailyUsage'
import { Chart } from './Chart'
import styles from './UsageCharts.module.css'

type Props = {
  days: readonly Schemas['UsageGroup'][]
  /** The first day (`2030-01-31`), and the number of days. */
  from: string
  count: number
  labels: { tokens: string; costs: string; input: string; output: string; cost: string }
}

/** Charts of tokens per day, and of their cost where it is known. */
export function UsageCharts({ days, from, count, labels }: Props) {
  const { at, input, output, cost } = dailyUsage(days, from, count)
  return (
    <div className={styles.charts}>
      <div className={`panel ${styles.chart}`}>
        <Chart
          label={labels.tokens}
          isDays
          lines={[
            { name: labels.input, color: '--running', isBar: true },
            { name: labels.output, color: '--completed' },
          ]}
          data={[at, input, output] as uPlot.AlignedData}
        />
      </div>
      {cost.some((one) => one !== null && one > 0) && (
        <div className={`panel ${styles.chart}`}>
          <Chart
            label={labels.costs}
            isDays
            lines={[{ name: labels.cost, color: '--assigned', isBar: true, unit: '$' }]}
            data={[at, cost] as uPlot.AlignedData}
          />
        </div>
      )}
    </div>
  )
}
