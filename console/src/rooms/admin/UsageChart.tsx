import 'uplot/dist/uPlot.min.css'
import type uPlot from 'uplot'
import { daysBetween, daysOf } from '../../lib/days'
import { type UsageFilter, useUsageByDay } from '../../queries/adminUsage'
import { Chart } from '../../ui/Chart'
import { words } from '../../words'
import styles from './admin.module.css'

/** What agents have used day by day, and what that cost, of the same days and project. */
export default function UsageChart({ filter }: { filter: UsageFilter }) {
  const say = words.adminUsage
  const today = new Date().toISOString().slice(0, 10)
  const from = filter.from ?? today
  const { data: days } = useUsageByDay({ ...filter, groupBy: 'day' })
  if (!days || days.length === 0) return null
  const { at, input, output, cost } = daysOf(days, from, daysBetween(from, filter.to ?? today))
  const whose = filter.project ?? say.allProjects
  return (
    <div className={styles.charts}>
      <div className={`panel ${styles.chart}`}>
        <Chart
          label={say.tokensChart(whose)}
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
            label={say.costChart(whose)}
            isDays
            lines={[{ name: say.cost, colour: '--assigned', isBar: true, unit: '$' }]}
            data={[at, cost] as uPlot.AlignedData}
          />
        </div>
      )}
    </div>
  )
}
