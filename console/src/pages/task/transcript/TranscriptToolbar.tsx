import { ArrowDown } from 'lucide-react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { KINDS, type Kind } from '../../../lib/task/transcript'
import { useSetSearch, useTaskSearch } from '../search'
import styles from './Transcript.module.css'
import type { Follow } from './useFollow'

/** Filters and search for the transcript. The URL holds them. */
export function TranscriptToolbar(props: {
  task: Schemas['TaskDetail']
  attempt: number
  kind: Kind
  follow: Follow
}) {
  const { task, attempt, follow } = props
  const set = useSetSearch()
  const q = useTaskSearch().q ?? ''
  const isLive = !['completed', 'failed', 'cancelled'].includes(task.status)
  return (
    <div className={styles.tools}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has its own border */}
      <div className="join" role="group" aria-label={strings.transcript.show}>
        {KINDS.map((kind) => (
          <Button
            key={kind}
            aria-pressed={kind === props.kind}
            onClick={() => set({ kind: kind === 'all' ? undefined : kind })}
          >
            {strings.transcript.kinds[kind]}
          </Button>
        ))}
      </div>
      {task.attempt > 1 && (
        <select
          className={`input ${styles.attempt}`}
          aria-label={strings.transcript.attempt}
          value={attempt}
          onChange={({ target }) =>
            set({ attempt: Number(target.value) === task.attempt ? undefined : target.value })
          }
        >
          {Array.from({ length: task.attempt }, (_, before) => task.attempt - before).map((n) => (
            <option key={n} value={n}>
              {strings.transcript.attemptNumber(n)}
            </option>
          ))}
        </select>
      )}
      {isLive && attempt === task.attempt && (
        <Button variant="quiet" aria-pressed={follow.isOn} onClick={follow.start}>
          <ArrowDown className="i" />
          {follow.isOn ? strings.transcript.following : strings.transcript.follow}
        </Button>
      )}
      <label className={styles.seek}>
        <span className="hidden">{strings.transcript.search}</span>
        <input
          className="input"
          type="search"
          placeholder={strings.transcript.search}
          value={q}
          onChange={({ target }) => set({ q: target.value || undefined })}
        />
      </label>
    </div>
  )
}
