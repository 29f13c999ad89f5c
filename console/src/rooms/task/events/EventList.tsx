import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { clock, clockWithSeconds, exact } from '../../../lib/times'
import { locale, words } from '../../../words'
import styles from './Events.module.css'

type Props = { task: Schemas['TaskDetail']; events: Schemas['Event'][] }

/** Those that are in view. */
export function EventList({ task, events }: Props) {
  const list = useRef<HTMLOListElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const now = list.current ? list.current.getBoundingClientRect().top + scrollY : 0
    if (Math.abs(now - top) > 1) setTop(now)
  })
  const virtual = useWindowVirtualizer({
    count: events.length,
    estimateSize: () => 40,
    getItemKey: (place) => events[place]?.id ?? place,
    overscan: 20,
    scrollMargin: top,
  })
  return (
    <ol ref={list} className={`panel ${styles.list}`} style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const event = events[index]
        return (
          event && (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={events.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <One event={event} stage={task.pipeline[event.stageIndex ?? -1]?.name ?? ''} />
            </li>
          )
        )
      })}
    </ol>
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
          <summary>{event.message || (words.events.types[event.type] ?? event.type)}</summary>
          <pre className={styles.data}>{JSON.stringify(event.data, null, 2)}</pre>
        </details>
      ) : (
        <span className={styles.what}>{event.message}</span>
      )}
    </div>
  )
}
