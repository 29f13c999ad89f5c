import { Link } from '@tanstack/react-router'
import { Suspense } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { Field } from '../../../components/forms/Field'
import { useUrlSearch } from '../../../components/hooks/useUrlSearch'
import { lazyComponent } from '../../../components/lazyComponent'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { locale, strings } from '../../../i18n'
import { formatInteger, formatMoney, formatPercent } from '../../../lib/format/numbers'
import {
  fetchUsageCsv,
  type UsageFilter,
  type UsageGroupBy,
  useUsage,
} from '../../../queries/adminUsage'
import { useProjectKeys } from '../../../queries/options'
import { showErrorToast } from '../../../state/toasts'
import styles from '../admin.module.css'
import { GROUPS, type UsageSearch, usageFilter } from './usageSearch'

const UsageChart = lazyComponent(() => import('./UsageChart'))

type Group = Schemas['UsageGroup']

/** Agents' usage and its cost, by developer, project, day and more. */
export function Usage() {
  const [search, change] = useUrlSearch<UsageSearch>()
  const filter = usageFilter(search, new Date())
  return (
    <>
      <Filters filter={filter} onChange={change} />
      <Suspense>
        <UsageChart filter={filter} />
      </Suspense>
      <PagedList list={useUsage(filter)} empty={strings.adminUsage.empty}>
        {(rows) => (
          <Table
            label={strings.admin.usage}
            columns={columns(filter.groupBy, maxTokens(rows))}
            rows={rows}
            keyOf={({ key }) => key ?? ''}
          />
        )}
      </PagedList>
    </>
  )
}

function Filters(props: { filter: UsageFilter; onChange: (change: UsageSearch) => void }) {
  const { filter, onChange } = props
  const keys = useProjectKeys() ?? []
  return (
    <div className={styles.filters}>
      <Field label={strings.adminUsage.by}>
        <select
          className="input"
          value={filter.groupBy}
          onChange={(event) => onChange({ by: event.target.value })}
        >
          {GROUPS.map((group) => (
            <option key={group} value={group}>
              {strings.adminUsage.groups[group as keyof typeof strings.adminUsage.groups]}
            </option>
          ))}
        </select>
      </Field>
      {(['from', 'to'] as const).map((end) => (
        <Field key={end} label={strings.adminUsage[end]}>
          <input
            className="input"
            type="date"
            value={filter[end] ?? ''}
            onChange={(event) => onChange({ [end]: event.target.value || undefined })}
          />
        </Field>
      ))}
      <Field label={strings.adminUsage.project}>
        <select
          className="input"
          value={filter.project ?? ''}
          onChange={(event) => onChange({ project: event.target.value || undefined })}
        >
          <option value="">{strings.adminUsage.allProjects}</option>
          {keys.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
      </Field>
      <Button onClick={() => void download(filter)}>{strings.adminUsage.download}</Button>
    </div>
  )
}

const columns = (groupBy: UsageGroupBy, most: number): Column<Group>[] => [
  {
    name: strings.adminUsage.groups[groupBy],
    cell: (group) => <Name group={group} groupBy={groupBy} />,
  },
  {
    name: strings.adminUsage.share,
    width: '24%',
    isExtra: true,
    cell: ({ usage }) => <Share share={most > 0 ? totalTokens(usage) / most : 0} />,
  },
  {
    name: strings.adminUsage.input,
    width: '120px',
    isNumber: true,
    cell: ({ usage }) => formatTokens(usage.inputTokens),
  },
  {
    name: strings.adminUsage.cached,
    width: '120px',
    isNumber: true,
    isExtra: true,
    cell: ({ usage }) => formatTokens(usage.cachedTokens),
  },
  {
    name: strings.adminUsage.output,
    width: '120px',
    isNumber: true,
    cell: ({ usage }) => formatTokens(usage.outputTokens),
  },
  {
    name: strings.adminUsage.cost,
    width: '112px',
    isNumber: true,
    cell: ({ usage }) => formatCost(usage),
  },
]

function Name({ group: { key, name }, groupBy }: { group: Group; groupBy: UsageGroupBy }) {
  if (key === null) return <span className="dim">{strings.adminUsage.unnamed}</span>
  if (groupBy === 'task') {
    return (
      <Link to="/tasks/$taskId" params={{ taskId: key }}>
        <span className="mono dim">#{key}</span> {name}
      </Link>
    )
  }
  return <>{name ?? key}</>
}

function Share({ share }: { share: number }) {
  return (
    <span
      className={`meter ${styles.bar}`}
      data-is="running"
      role="img"
      aria-label={strings.adminUsage.shareOf(formatPercent(share, locale))}
    >
      <i style={{ width: `${share * 100}%` }} />
    </span>
  )
}

const formatTokens = (tokens: number | null) =>
  tokens === null ? '–' : formatInteger(tokens, locale)

function formatCost({ cost: spent, isEstimate }: Schemas['Usage']): string {
  if (spent === null) return '–'
  const written = formatMoney(spent, locale)
  return isEstimate ? strings.adminUsage.about(written) : written
}

const totalTokens = ({ inputTokens, outputTokens }: Schemas['Usage']) =>
  (inputTokens ?? 0) + (outputTokens ?? 0)

const maxTokens = (groups: Group[]) => Math.max(0, ...groups.map(({ usage }) => totalTokens(usage)))

async function download(filter: UsageFilter): Promise<void> {
  try {
    const url = URL.createObjectURL(await fetchUsageCsv(filter))
    const link = Object.assign(document.createElement('a'), { href: url })
    link.download = `muster-usage-${filter.groupBy}.csv`
    link.click()
    URL.revokeObjectURL(url)
  } catch (error) {
    showErrorToast(error)
  }
}
