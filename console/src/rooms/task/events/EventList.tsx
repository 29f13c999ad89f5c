import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { clock, clockWithSeconds, exact } from '../../../lib/times'
import { locale, words } from '../../../words'
import { SeenItems } from '../SeenItems'
import styles from './Events.module.css'

type Props = { task: Schemas['TaskDetail']; events: Schemas['Event'][] }

export function EventList({ task, events }: Props) {
  return (
    <SeenItems
      className={`panel ${styles.list}`}
      items={events}
      keyOf={({ id }) => id}
      tall={() => 40}
      beyond={20}
      draw={(event) => (
        <One event={event} stage={task.pipeline[event.stageIndex ?? -1]?.name ?? ''} />
      )}
    />
  )
}

const BAD = ['failed', 'error']
const ODD = ['warning', 'machine_lost', 'egress_refused']

function One({ event, stage }: { event: Schemas['Event']; stage: string }) {
  const at = new Date(event.createdAt)
  const isToday = at.toDateString() === new Date().toDateString()
  const look = BAD.includes(event.type) ? 'failed' : ODD.includes(event.type) ? 'needs' : undefined
  const hasData = Object.keys(event.data).length > 0
  return (
    <div className={styles.event}>
      <time dateTime={event.createdAt} title={exact(at, locale)}>
        {isToday ? clockWithSeconds(at, locale) : clock(at, locale)}
      </time>
      <span>
        <span className="badge" data-is={look}>
          {words.events.types[event.type] ?? event.type}
        </span>
      </span>
      <span className={`dim cut ${styles.stage}`}>{stage}</span>
      {hasData ? (
        <details className={styles.what}>
          <summary>{seen(event.message) || (words.events.types[event.type] ?? event.type)}</summary>
          <pre className={styles.data}>{JSON.stringify(event.data, null, 2)}</pre>
        </details>
      ) : (
        <span className={styles.what}>{seen(event.message)}</span>
      )}
    </div>
  )
}
