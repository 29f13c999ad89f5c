import type { Schemas } from '../../../api/client'
import { locale, strings } from '../../../i18n'
import { formatExactTime, formatTime, formatTimeWithSeconds } from '../../../lib/format/times'
import { eventText } from '../../../lib/task/eventText'
import { VirtualList } from '../VirtualList'
import styles from './Events.module.css'

type Props = { task: Schemas['TaskDetail']; events: Schemas['Event'][] }

export function EventList({ task, events }: Props) {
  return (
    <VirtualList
      className={`panel ${styles.list}`}
      items={events}
      keyOf={({ id }) => id}
      tall={() => 40}
      beyond={20}
      draw={(event) => (
        <EventRow
          event={event}
          stage={task.pipeline[event.stageIndex ?? -1]?.name ?? ''}
          agentType={task.agentType}
        />
      )}
    />
  )
}

const FAILURE_TYPES = ['failed', 'error']
const WARNING_TYPES = ['warning', 'machine_lost', 'egress_refused']

function EventRow(props: { event: Schemas['Event']; stage: string; agentType: string }) {
  const { event, stage } = props
  const text = eventText(event, {
    ...props,
    texts: strings.events.texts,
    statusWords: strings.statusText,
  })
  const at = new Date(event.createdAt)
  const isToday = at.toDateString() === new Date().toDateString()
  const look = FAILURE_TYPES.includes(event.type)
    ? 'failed'
    : WARNING_TYPES.includes(event.type)
      ? 'needs'
      : undefined
  const hasData = Object.keys(event.data).length > 0
  return (
    <div className={styles.event}>
      <time dateTime={event.createdAt} title={formatExactTime(at, locale)}>
        {isToday ? formatTimeWithSeconds(at, locale) : formatTime(at, locale)}
      </time>
      <span>
        <span className="badge" data-is={look}>
          {strings.events.types[event.type] ?? event.type}
        </span>
      </span>
      <span className={`dim cut ${styles.stage}`}>{stage}</span>
      {hasData ? (
        <details className={styles.what}>
          <summary>{text || (strings.events.types[event.type] ?? event.type)}</summary>
          <pre className={styles.data}>{JSON.stringify(event.data, null, 2)}</pre>
        </details>
      ) : (
        <span className={styles.what}>{text}</span>
      )}
    </div>
  )
}
