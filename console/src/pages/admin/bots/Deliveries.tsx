import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { Field } from '../../../components/forms/Field'
import { useUrlSearch } from '../../../components/hooks/useUrlSearch'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { StatusIcon, type StatusIconName } from '../../../components/status/Status'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { retryDelivery, useBots, useDeliveries } from '../../../queries/adminBots'
import { showErrorToast, showToast } from '../../../state/toasts'
import styles from '../admin.module.css'

type Delivery = Schemas['Delivery']
type State = Delivery['state']
type Search = { state?: string; bot?: string }

const STATES: State[] = ['pending', 'sending', 'sent', 'dead']

/** Messages to chats: which are pending, which were given up, and why. */
export function Deliveries() {
  const [search, change] = useUrlSearch<Search>()
  const state = STATES.find((one) => one === search.state)
  const bot = Number(search.bot)
  const list = useDeliveries({ ...(state && { state }), ...(bot > 0 && { botId: bot }) })
  const isFiltered = state !== undefined || bot > 0
  const clear = () => change({ state: undefined, bot: undefined })
  return (
    <>
      <Filters search={search} onChange={change} />
      <PagedList
        list={list}
        empty={
          isFiltered ? (
            <EmptyState title={strings.forms.noHit}>
              <Button onClick={clear}>{strings.forms.clear}</Button>
            </EmptyState>
          ) : (
            strings.bots.noDeliveries
          )
        }
      >
        {(rows) => (
          <Table
            label={strings.admin.deliveries}
            columns={columns()}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
    </>
  )
}

function Filters(props: { search: Search; onChange: (change: Search) => void }) {
  const bots = useBots().data ?? []
  return (
    <div className={styles.filters}>
      <Field label={strings.forms.status}>
        <select
          className="input"
          value={props.search.state ?? ''}
          onChange={(event) => props.onChange({ state: event.target.value || undefined })}
        >
          <option value="">{strings.bots.anyState}</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {strings.bots.deliveryState[state]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={strings.bots.bot}>
        <select
          className="input"
          value={props.search.bot ?? ''}
          onChange={(event) => props.onChange({ bot: event.target.value || undefined })}
        >
          <option value="">{strings.bots.anyBot}</option>
          {bots.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
    </div>
  )
}

const STATE_ICONS: Record<State, StatusIconName> = {
  pending: 'waits',
  sending: 'running',
  sent: 'completed',
  dead: 'failed',
}

const columns = (): Column<Delivery>[] => [
  {
    name: strings.forms.status,
    width: '128px',
    cell: ({ state }) => (
      <span className="status" data-is={STATE_ICONS[state]}>
        <StatusIcon look={STATE_ICONS[state]} />
        {strings.bots.deliveryState[state]}
      </span>
    ),
  },
  { name: strings.bots.what, width: '128px', cell: ({ kind }) => strings.bots.kinds[kind] },
  {
    name: strings.bots.task,
    width: '80px',
    cell: ({ taskId }) => (
      <Link to="/tasks/$taskId" params={{ taskId: String(taskId) }} className="mono link">
        #{taskId}
      </Link>
    ),
  },
  {
    name: strings.bots.bot,
    width: '18%',
    cell: ({ botName, chatId }) => (
      <>
        {botName} <code className="dim">{chatId}</code>
      </>
    ),
  },
  { name: strings.bots.why, cell: (delivery) => <Reason delivery={delivery} /> },
  {
    name: strings.bots.tries,
    width: '72px',
    isNumber: true,
    isExtra: true,
    cell: ({ attempts }) => attempts,
  },
  {
    name: strings.bots.when,
    width: '96px',
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    name: strings.forms.actions,
    width: '112px',
    isHeaderHidden: true,
    cell: ({ id, state }) =>
      state === 'dead' && <Button onClick={() => retryAndNotify(id)}>{strings.bots.retry}</Button>,
  },
]

/** Why a message wasn't sent, and the time of the next try. */
function Reason({ delivery: { error, state, dueAt } }: { delivery: Delivery }) {
  return (
    <span title={error ?? undefined}>
      {error ?? <span className="dim">–</span>}
      {error && state === 'pending' && (
        <span className="dim">
          {' · '}
          {strings.bots.nextTry} <RelativeTime at={dueAt} />
        </span>
      )}
    </span>
  )
}

function retryAndNotify(id: number): void {
  retryDelivery(id).then(() => showToast(strings.bots.retried), showErrorToast)
}
