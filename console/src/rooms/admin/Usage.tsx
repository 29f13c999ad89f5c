import { Link } from '@tanstack/react-router'
import { Suspense } from 'react'
import type { Schemas } from '../../api/client'
import { money, percent, whole } from '../../lib/numbers'
import { type UsageFilter, type UsageGroupBy, usageTable, useUsage } from '../../queries/adminUsage'
import { useProjectKeys } from '../../queries/choices'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { late } from '../../ui/late'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { sayBroken } from '../../ui/toasts'
import { useUrl } from '../../ui/useUrl'
import { locale, words } from '../../words'
import styles from './admin.module.css'
import { GROUPS, type UsageSearch, usageFilter } from './usageSearch'

const UsageChart = late(() => import('./UsageChart'))

type Group = Schemas['UsageGroup']

/** What agents have used: by whom, where, when; and what that cost. */
export function Usage() {
  const [search, change] = useUrl<UsageSearch>()
  const filter = usageFilter(search, new Date())
  return (
    <>
      <Filters filter={filter} onChange={change} />
      <Suspense>
        <UsageChart filter={filter} />
      </Suspense>
      <Rows list={useUsage(filter)} empty={words.adminUsage.empty}>
        {(rows) => (
          <Table
            label={words.admin.usage}
            columns={columns(filter.groupBy, mostOf(rows))}
            rows={rows}
            keyOf={({ key }) => key ?? ''}
          />
        )}
      </Rows>
    </>
  )
}

function Filters(props: { filter: UsageFilter; onChange: (change: UsageSearch) => void }) {
  const { filter, onChange } = props
  const keys = useProjectKeys() ?? []
  return (
    <div className={styles.filters}>
      <Field label={words.adminUsage.by}>
        <select
          className="input"
          value={filter.groupBy}
          onChange={(event) => onChange({ by: event.target.value })}
        >
          {GROUPS.map((group) => (
            <option key={group} value={group}>
              {words.adminUsage.groups[group as keyof typeof words.adminUsage.groups]}
            </option>
          ))}
        </select>
      </Field>
      {(['from', 'to'] as const).map((end) => (
        <Field key={end} label={words.adminUsage[end]}>
          <input
            className="input"
            type="date"
            value={filter[end] ?? ''}
            onChange={(event) => onChange({ [end]: event.target.value || undefined })}
          />
        </Field>
      ))}
      <Field label={words.adminUsage.project}>
        <select
          className="input"
          value={filter.project ?? ''}
          onChange={(event) => onChange({ project: event.target.value || undefined })}
        >
          <option value="">{words.adminUsage.allProjects}</option>
          {keys.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
      </Field>
      <Button onClick={() => void download(filter)}>{words.adminUsage.download}</Button>
    </div>
  )
}

const columns = (groupBy: UsageGroupBy, most: number): Column<Group>[] => [
  {
    name: words.adminUsage.groups[groupBy],
    cell: (group) => <Name group={group} groupBy={groupBy} />,
  },
  {
    name: words.adminUsage.share,
    width: '24%',
    isExtra: true,
    cell: ({ usage }) => <Share share={most > 0 ? weight(usage) / most : 0} />,
  },
  {
    name: words.adminUsage.input,
    width: '120px',
    isNumber: true,
    cell: ({ usage }) => count(usage.inputTokens),
  },
  {
    name: words.adminUsage.cached,
    width: '120px',
    isNumber: true,
    isExtra: true,
    cell: ({ usage }) => count(usage.cachedTokens),
  },
  {
    name: words.adminUsage.output,
    width: '120px',
    isNumber: true,
    cell: ({ usage }) => count(usage.outputTokens),
  },
  { name: words.adminUsage.cost, width: '112px', isNumber: true, cell: ({ usage }) => cost(usage) },
]

function Name({ group: { key, name }, groupBy }: { group: Group; groupBy: UsageGroupBy }) {
  if (key === null) return <span className="dim">{words.adminUsage.unnamed}</span>
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
      aria-label={words.adminUsage.shareOf(percent(share, locale))}
    >
      <i style={{ width: `${share * 100}%` }} />
    </span>
  )
}

const count = (tokens: number | null) => (tokens === null ? '–' : whole(tokens, locale))

function cost({ cost: spent, isEstimate }: Schemas['Usage']): string {
  if (spent === null) return '–'
  const written = money(spent, locale)
  return isEstimate ? words.adminUsage.about(written) : written
}

const weight = ({ inputTokens, outputTokens }: Schemas['Usage']) =>
  (inputTokens ?? 0) + (outputTokens ?? 0)

const mostOf = (groups: Group[]) => Math.max(0, ...groups.map(({ usage }) => weight(usage)))

async function download(filter: UsageFilter): Promise<void> {
  try {
    const url = URL.createObjectURL(await usageTable(filter))
    const link = Object.assign(document.createElement('a'), { href: url })
    link.download = `muster-usage-${filter.groupBy}.csv`
    link.click()
    URL.revokeObjectURL(url)
  } catch (error) {
    sayBroken(error)
  }
}
