import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { Field } from '../../../components/forms/Field'
import { useForm } from '../../../components/forms/useForm'
import { useUrlSearch } from '../../../components/hooks/useUrlSearch'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { useAudit } from '../../../queries/adminAudit'
import styles from '../admin.module.css'
import { Actor } from './Actor'
import { type AuditSearch, auditFilter } from './auditFilter'
import { EntryDialog } from './EntryDialog'
import { Target } from './Target'

type Entry = Schemas['AuditEntry']

const NO_FILTER: AuditSearch = {
  actor: undefined,
  action: undefined,
  targetType: undefined,
  targetId: undefined,
  from: undefined,
  to: undefined,
}

export function AuditLog() {
  const [search, change] = useUrlSearch<AuditSearch>()
  const [entry, show] = useState<Entry>()
  const filter = auditFilter(search)
  const isFiltered = Object.keys(filter).length > 0
  const empty = isFiltered ? (
    <EmptyState title={strings.forms.noHit}>
      <Button onClick={() => change(NO_FILTER)}>{strings.forms.clear}</Button>
    </EmptyState>
  ) : (
    strings.audit.empty
  )
  return (
    <>
      {/* The key resets the fields when something else, such as a link, changes the search. */}
      <Filters key={JSON.stringify(search)} search={search} onFilter={change} />
      <PagedList list={useAudit(filter)} empty={empty}>
        {(rows) => (
          <Table
            label={strings.admin.audit}
            columns={columns(show)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {entry && <EntryDialog entry={entry} onClose={() => show(undefined)} />}
    </>
  )
}

function Filters(props: { search: AuditSearch; onFilter: (search: AuditSearch) => void }) {
  const form = useForm(async ({ text }) => {
    const names = Object.keys(NO_FILTER) as (keyof AuditSearch)[]
    props.onFilter(Object.fromEntries(names.map((name) => [name, text(name) || undefined])))
  })
  return (
    <form className={styles.filters} onSubmit={form.onSubmit}>
      {(['actor', 'action', 'targetType', 'targetId'] as const).map((name) => (
        <Field key={name} label={strings.audit[name]}>
          <input
            className="input"
            name={name}
            placeholder={strings.audit.examples[name]}
            defaultValue={props.search[name] ?? ''}
          />
        </Field>
      ))}
      {(['from', 'to'] as const).map((name) => (
        <Field key={name} label={strings.audit[name]}>
          <input
            className="input"
            type="date"
            name={name}
            defaultValue={props.search[name] ?? ''}
          />
        </Field>
      ))}
      <Button type="submit">{strings.forms.filter}</Button>
    </form>
  )
}

const columns = (onShow: (entry: Entry) => void): Column<Entry>[] => [
  { name: strings.audit.what, cell: ({ action }) => <code>{action}</code> },
  { name: strings.audit.who, width: '18%', cell: (entry) => <Actor entry={entry} /> },
  {
    name: strings.audit.whom,
    width: '26%',
    cell: (entry) => <Target entry={entry} />,
  },
  {
    name: strings.audit.address,
    width: '14%',
    isExtra: true,
    cell: ({ remoteAddress }) => <span className="mono">{remoteAddress ?? '–'}</span>,
  },
  { name: strings.audit.when, width: '104px', cell: ({ at }) => <RelativeTime at={at} /> },
  {
    name: strings.forms.actions,
    width: '80px',
    isHeaderHidden: true,
    cell: (entry) => (
      <Button
        variant="quiet"
        aria-label={strings.audit.showOf(entry.action)}
        onClick={() => onShow(entry)}
      >
        {strings.audit.show}
      </Button>
    ),
  },
]
