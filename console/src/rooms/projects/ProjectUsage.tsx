import type { Schemas } from '../../api/client'
import { budgetRows } from '../../lib/budgetRows'
import { money, percent, whole } from '../../lib/numbers'
import { type Project, useMonth, useProjectUsage } from '../../queries/projects'
import { Ghost } from '../../ui/Ghost'
import { type Column, Table } from '../../ui/Table'
import { UsageCharts } from '../../ui/UsageCharts'
import { locale, words } from '../../words'
import styles from './projects.module.css'

type Group = Schemas['UsageGroup']
const DAYS = 30
const DAY_MILLISECONDS = 24 * 3600 * 1000

/** What the project's agents have used: day by day, by whom, and of this month's budget. */
export default function ProjectUsage({ project }: { project: Project }) {
  const say = words.projects
  const today = new Date().toISOString().slice(0, 10)
  const from = new Date(Date.parse(today) - (DAYS - 1) * DAY_MILLISECONDS)
    .toISOString()
    .slice(0, 10)
  const { data: byDay } = useProjectUsage(project.key, 'day', from)
  const { data: byModel } = useProjectUsage(project.key, 'model', from)
  const { data: byPerson } = useProjectUsage(project.key, 'developer', from)
  if (!byDay || !byModel || !byPerson) return <Ghost />
  return (
    <div className={styles.usage}>
      <Month projectKey={project.key} />
      <p className="soft">{byDay.length === 0 ? say.noUsage : say.usageWhat}</p>
      {byDay.length > 0 && (
        <UsageCharts
          days={byDay}
          from={from}
          count={DAYS}
          say={{
            tokens: say.tokensChart(project.key),
            costs: say.costChart(project.key),
            input: say.input,
            output: say.output,
            cost: say.costLine,
          }}
        />
      )}
      {byModel.length > 0 && <Groups title={say.byModel} rows={byModel} unnamed={say.noModel} />}
      {byPerson.length > 0 && <Groups title={say.byPerson} rows={byPerson} unnamed="–" />}
    </div>
  )
}

function Month({ projectKey }: { projectKey: string }) {
  const month = useMonth(projectKey)
  const rows = month ? budgetRows(month) : []
  if (rows.length === 0) return null
  return (
    <section aria-labelledby="month">
      <h2 id="month">{words.projects.thisMonth}</h2>
      <dl className={styles.month}>
        {rows.map(({ what, used, limit }) => {
          const say = (n: number) => (what === 'cost' ? money(n, locale) : whole(n, locale))
          const share = limit > 0 ? Math.min(1, used / limit) : 1
          return (
            <div key={what}>
              <dt>{words.forms.limits[what]}</dt>
              <dd>
                <span className="meter" data-is={share >= 0.9 ? 'needs' : 'running'}>
                  <i style={{ width: `${share * 100}%` }} />
                </span>
              </dd>
              <dd className="num">
                {words.projects.ofBudget(say(used), say(limit))}{' '}
                <span className="dim">{percent(share, locale)}</span>
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}

function Groups(props: { title: string; rows: Group[]; unnamed: string }) {
  const { title, rows, unnamed } = props
  const say = words.projects
  const columns: Column<Group>[] = [
    { name: title, cell: ({ key, name }) => name ?? key ?? <span className="dim">{unnamed}</span> },
    {
      name: say.input,
      width: '140px',
      isNumber: true,
      cell: ({ usage }) => told(usage.inputTokens),
    },
    {
      name: say.output,
      width: '140px',
      isNumber: true,
      cell: ({ usage }) => told(usage.outputTokens),
    },
    {
      name: say.costLine,
      width: '140px',
      isNumber: true,
      cell: ({ usage: { cost, isEstimate } }) =>
        cost === null ? '–' : `${isEstimate ? `${say.estimate} ` : ''}${money(cost, locale)}`,
    },
  ]
  return (
    <section>
      <h2>{title}</h2>
      <Table label={title} columns={columns} rows={rows} keyOf={({ key }) => key ?? ''} />
    </section>
  )
}

function told(n: number | null): string {
  return n === null ? '–' : whole(n, locale)
}
