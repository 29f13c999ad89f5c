import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { retryDelivery, useBots, useDeliveries } from '../../queries/adminBots'
import { Button } from '../../ui/Button'
import { Empty } from '../../ui/Empty'
import { Field } from '../../ui/Field'
import { Rows } from '../../ui/Rows'
import { type Shape, StatusMark } from '../../ui/Status'
import { type Column, Table } from '../../ui/Table'
import { say, sayBroken } from '../../ui/toasts'
import { useUrl } from '../../ui/useUrl'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './admin.module.css'

type Delivery = Schemas['Delivery']
type State = Delivery['state']
type Search = { state?: string; bot?: string }

const STATES: State[] = ['pending', 'sending', 'sent', 'dead']

/** Messages to chats: which wait, which were given up, and why. */
export function Deliveries() {
  const [search, change] = useUrl<Search>()
  const state = STATES.find((one) => one === search.state)
  const bot = Number(search.bot)
  const list = useDeliveries({ ...(state && { state }), ...(bot > 0 && { botId: bot }) })
  const isFiltered = state !== undefined || bot > 0
  const clear = () => change({ state: undefined, bot: undefined })
  return (
    <>
      <Filters search={search} onChange={change} />
      <Rows
        list={list}
        empty={
          isFiltered ? (
            <Empty title={words.forms.noHit}>
              <Button onClick={clear}>{words.forms.clear}</Button>
            </Empty>
          ) : (
            words.bots.noDeliveries
          )
        }
      >
        {(rows) => (
          <Table
            label={words.admin.deliveries}
            columns={columns()}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
    </>
  )
}

function Filters(props: { search: Search; onChange: (change: Search) => void }) {
  const bots = useBots().data ?? []
  return (
    <div className={styles.filters}>
      <Field label={words.forms.status}>
        <select
          className="input"
          value={props.search.state ?? ''}
          onChange={(event) => props.onChange({ state: event.target.value || undefined })}
        >
          <option value="">{words.bots.anyState}</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {words.bots.deliveryState[state]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={words.bots.bot}>
        <select
          className="input"
          value={props.search.bot ?? ''}
          onChange={(event) => props.onChange({ bot: event.target.value || undefined })}
        >
          <option value="">{words.bots.anyBot}</option>
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

const LOOKS: Record<State, Shape> = {
  pending: 'waits',
  sending: 'running',
  sent: 'completed',
  dead: 'failed',
}

const columns = (): Column<Delivery>[] => [
  {
    name: words.forms.status,
    width: '128px',
    cell: ({ state }) => (
      <span className="status" data-is={LOOKS[state]}>
        <StatusMark look={LOOKS[state]} />
        {words.bots.deliveryState[state]}
      </span>
    ),
  },
  { name: words.bots.what, width: '128px', cell: ({ kind }) => words.bots.kinds[kind] },
  {
    name: words.bots.task,
    width: '80px',
    cell: ({ taskId }) => (
      <Link to="/tasks/$taskId" params={{ taskId: String(taskId) }} className="mono link">
        #{taskId}
      </Link>
    ),
  },
  {
    name: words.bots.bot,
    width: '18%',
    cell: ({ botName, chatId }) => (
      <>
        {botName} <code className="dim">{chatId}</code>
      </>
    ),
  },
  {
    name: words.bots.why,
    cell: ({ error, state, dueAt }) => (
      <span title={error ?? undefined}>
        {error ?? <span className="dim">–</span>}
        {error && state === 'pending' && (
          <span className="dim">
            {' · '}
            {words.bots.nextTry} <When at={dueAt} />
          </span>
        )}
      </span>
    ),
  },
  {
    name: words.bots.tries,
    width: '72px',
    isNumber: true,
    isExtra: true,
    cell: ({ attempts }) => attempts,
  },
  { name: words.bots.when, width: '96px', cell: ({ createdAt }) => <When at={createdAt} /> },
  {
    name: words.forms.acts,
    width: '112px',
    isNameless: true,
    cell: ({ id, state }) =>
      state === 'dead' && <Button onClick={() => retry(id)}>{words.bots.retry}</Button>,
  },
]

function retry(id: number): void {
  retryDelivery(id).then(() => say(words.bots.retried), sayBroken)
}
