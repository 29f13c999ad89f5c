import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { useAudit } from '../../queries/adminAudit'
import { Button } from '../../ui/Button'
import { Empty } from '../../ui/Empty'
import { Field } from '../../ui/Field'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { useForm } from '../../ui/useForm'
import { useUrl } from '../../ui/useUrl'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './admin.module.css'
import { type AuditSearch, auditFilter } from './auditFilter'
import { EntryDialog } from './EntryDialog'
import { Who } from './Who'

type Entry = Schemas['AuditEntry']

const NOTHING: AuditSearch = {
  actor: undefined,
  action: undefined,
  targetType: undefined,
  targetId: undefined,
  from: undefined,
  to: undefined,
}

export function Audit() {
  const [search, change] = useUrl<AuditSearch>()
  const [shown, show] = useState<Entry>()
  const filter = auditFilter(search)
  const isFiltered = Object.keys(filter).length > 0
  const empty = isFiltered ? (
    <Empty title={words.forms.noHit}>
      <Button onClick={() => change(NOTHING)}>{words.forms.clear}</Button>
    </Empty>
  ) : (
    words.audit.empty
  )
  return (
    <>
      {/* Another URL than one's own typing, such as a link: the fields say what it says. */}
      <Filters key={JSON.stringify(search)} search={search} onFilter={change} />
      <Rows list={useAudit(filter)} empty={empty}>
        {(rows) => (
          <Table
            label={words.admin.audit}
            columns={columns(show)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      {shown && <EntryDialog entry={shown} onClose={() => show(undefined)} />}
    </>
  )
}

function Filters(props: { search: AuditSearch; onFilter: (search: AuditSearch) => void }) {
  const form = useForm(async ({ text }) => {
    const names = Object.keys(NOTHING) as (keyof AuditSearch)[]
    props.onFilter(Object.fromEntries(names.map((name) => [name, text(name) || undefined])))
  })
  return (
    <form className={styles.filters} onSubmit={form.onSubmit}>
      {(['actor', 'action', 'targetType', 'targetId'] as const).map((name) => (
        <Field key={name} label={words.audit[name]}>
          <input
            className="input"
            name={name}
            placeholder={words.audit.examples[name]}
            defaultValue={props.search[name] ?? ''}
          />
        </Field>
      ))}
      {(['from', 'to'] as const).map((name) => (
        <Field key={name} label={words.audit[name]}>
          <input
            className="input"
            type="date"
            name={name}
            defaultValue={props.search[name] ?? ''}
          />
        </Field>
      ))}
      <Button type="submit">{words.forms.filter}</Button>
    </form>
  )
}

const columns = (onShow: (entry: Entry) => void): Column<Entry>[] => [
  { name: words.audit.what, cell: ({ action }) => <code>{action}</code> },
  { name: words.audit.who, width: '18%', cell: (entry) => <Who entry={entry} /> },
  {
    name: words.audit.whom,
    width: '26%',
    cell: ({ targetType, targetId }) => (
      <span title={targetId}>
        {targetType} <code>{targetId}</code>
      </span>
    ),
  },
  {
    name: words.audit.address,
    width: '14%',
    isExtra: true,
    cell: ({ remoteAddress }) => <span className="mono">{remoteAddress ?? '–'}</span>,
  },
  { name: words.audit.when, width: '104px', cell: ({ at }) => <When at={at} /> },
  {
    name: words.forms.acts,
    width: '80px',
    isNameless: true,
    cell: (entry) => (
      <Button
        look="quiet"
        aria-label={words.audit.showOf(entry.action)}
        onClick={() => onShow(entry)}
      >
        {words.audit.show}
      </Button>
    ),
  },
]
