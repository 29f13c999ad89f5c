import type { Schemas } from '../../api/client'
import { UsageCharts } from '../../components/charts/UsageCharts'
import { Skeleton } from '../../components/feedback/Skeleton'
import { type Column, Table } from '../../components/tables/Table'
import { locale, strings } from '../../i18n'
import { budgetRows } from '../../lib/format/budgetRows'
import { formatInteger, formatMoney, formatPercent } from '../../lib/format/numbers'
import { type Project, useMonthBudget, useProjectUsage } from '../../queries/projects'
import styles from './projects.module.css'

type Group = Schemas['UsageGroup']
const DAYS = 30
const DAY_MILLISECONDS = 24 * 3600 * 1000

/** The usage of the project's agents: by day, model and developer, and of this month's budget. */
export default function ProjectUsage({ project }: { project: Project }) {
  const texts = strings.projects
  const today = new Date().toISOString().slice(0, 10)
  const from = new Date(Date.parse(today) - (DAYS - 1) * DAY_MILLISECONDS)
    .toISOString()
    .slice(0, 10)
  const { data: byDay } = useProjectUsage(project.key, 'day', from)
  const { data: byModel } = useProjectUsage(project.key, 'model', from)
  const { data: byPerson } = useProjectUsage(project.key, 'developer', from)
  if (!byDay || !byModel || !byPerson) return <Skeleton />
  return (
    <div className={styles.usage}>
      <MonthBudget projectKey={project.key} />
      <p className="soft">{byDay.length === 0 ? texts.noUsage : texts.usageWhat}</p>
      {byDay.length > 0 && (
        <UsageCharts
          days={byDay}
          from={from}
          count={DAYS}
          labels={{
            tokens: texts.tokensChart(project.key),
            costs: texts.costChart(project.key),
            input: texts.input,
            output: texts.output,
            cost: texts.costLine,
          }}
        />
      )}
      {byModel.length > 0 && (
        <UsageGroups title={texts.byModel} rows={byModel} unnamed={texts.noModel} />
      )}
      {byPerson.length > 0 && <UsageGroups title={texts.byPerson} rows={byPerson} unnamed="–" />}
    </div>
  )
}

function MonthBudget({ projectKey }: { projectKey: string }) {
  const month = useMonthBudget(projectKey)
  const rows = month ? budgetRows(month) : []
  if (rows.length === 0) return null
  return (
    <section aria-labelledby="month">
      <h2 id="month">{strings.projects.thisMonth}</h2>
      <dl className={styles.month}>
        {rows.map(({ what, limit, used: known }) => {
          const used = known ?? 0
          const formatFigure = (n: number) =>
            what === 'cost' ? formatMoney(n, locale) : formatInteger(n, locale)
          const share = limit > 0 ? Math.min(1, used / limit) : 1
          return (
            <div key={what}>
              <dt>{strings.forms.limits[what]}</dt>
              <dd>
                <span className="meter" data-is={share >= 0.9 ? 'needs' : 'running'}>
                  <i style={{ width: `${share * 100}%` }} />
                </span>
              </dd>
              <dd className="num">
                {strings.projects.ofBudget(formatFigure(used), formatFigure(limit))}{' '}
                <span className="dim">{formatPercent(share, locale)}</span>
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}

function UsageGroups(props: { title: string; rows: Group[]; unnamed: string }) {
  const { title, rows, unnamed } = props
  const texts = strings.projects
  const columns: Column<Group>[] = [
    { name: title, cell: ({ key, name }) => name ?? key ?? <span className="dim">{unnamed}</span> },
    {
      name: texts.input,
      width: '140px',
      isNumber: true,
      cell: ({ usage }) => formatTokens(usage.inputTokens),
    },
    {
      name: texts.output,
      width: '140px',
      isNumber: true,
      cell: ({ usage }) => formatTokens(usage.outputTokens),
    },
    {
      name: texts.costLine,
      width: '140px',
      isNumber: true,
      cell: ({ usage: { cost, isEstimate } }) =>
        cost === null
          ? '–'
          : `${isEstimate ? `${texts.estimate} ` : ''}${formatMoney(cost, locale)}`,
    },
  ]
  return (
    <section>
      <h2>{title}</h2>
      <Table label={title} columns={columns} rows={rows} keyOf={({ key }) => key ?? ''} />
    </section>
  )
}

function formatTokens(n: number | null): string {
  return n === null ? '–' : formatInteger(n, locale)
}
