import { useDeferredValue } from 'react'
import type { Schemas } from '../../../api/client'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { strings } from '../../../i18n'
import { useEvents } from '../../../queries/events'
import { useSetSearch, useTaskSearch } from '../search'
import { EventList } from './EventList'
import styles from './Events.module.css'

type Event = Schemas['Event']

/** All events of the task, in order and live. */
export default function EventsTab({ task }: { task: Schemas['TaskDetail'] }) {
  const { q = '', kind } = useTaskSearch()
  const set = useSetSearch()
  const { data: events, error, refetch } = useEvents(task.id)
  const wanted = useDeferredValue(q.trim().toLowerCase())
  const hasNotes = kind === 'notes'
  const matching = (events ?? []).filter(
    (event) => isShown(event, hasNotes) && matchesText(event, wanted),
  )
  return (
    <section className="page" aria-label={strings.events.label}>
      <div className={styles.tools}>
        <label className="row">
          <input
            type="checkbox"
            checked={hasNotes}
            onChange={() => set({ kind: hasNotes ? undefined : 'notes' })}
          />
          {strings.events.showNotes}
        </label>
        <span className="dim">{strings.events.count(matching.length)}</span>
        <label className={styles.seek}>
          <span className="hidden">{strings.events.search}</span>
          <input
            className="input"
            type="search"
            placeholder={strings.events.search}
            value={q}
            onChange={({ target }) => set({ q: target.value || undefined })}
          />
        </label>
      </div>
      {error && !events && <ErrorMessage error={error} again={() => void refetch()} />}
      {!events && !error && <Skeleton />}
      {events && matching.length > 0 && <EventList task={task} events={matching} />}
      {events && matching.length === 0 && <p className="dim">{strings.events.noHit}</p>}
    </section>
  )
}

/** Hides machines' log events, which are many and say little, except agents' progress. */
function isShown({ type, data }: Event, hasNotes: boolean): boolean {
  return type !== 'log' || hasNotes || data.progress === true
}

function matchesText({ message, data, type }: Event, wanted: string): boolean {
  if (wanted === '') return true
  const text = `${message} ${strings.events.types[type] ?? type} ${JSON.stringify(data)}`
  return text.toLowerCase().includes(wanted)
}
