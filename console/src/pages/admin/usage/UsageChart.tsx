import { UsageCharts } from '../../../components/charts/UsageCharts'
import { strings } from '../../../i18n'
import { daysBetween } from '../../../lib/format/dailyUsage'
import { type UsageFilter, useUsageByDay } from '../../../queries/adminUsage'
import styles from '../admin.module.css'

/** Charts of agents' usage and cost per day, for the same days and project. */
export default function UsageChart({ filter }: { filter: UsageFilter }) {
  const texts = strings.adminUsage
  const today = new Date().toISOString().slice(0, 10)
  const from = filter.from ?? today
  const { data: days } = useUsageByDay({ ...filter, groupBy: 'day' })
  if (!days || days.length === 0) return null
  const whose = filter.project ?? texts.allProjects
  return (
    <div className={styles.charts}>
      <UsageCharts
        days={days}
        from={from}
        count={daysBetween(from, filter.to ?? today)}
        labels={{ ...texts, tokens: texts.tokensChart(whose), costs: texts.costChart(whose) }}
      />
    </div>
  )
}
