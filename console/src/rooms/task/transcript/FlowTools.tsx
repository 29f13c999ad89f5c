import { ArrowDown } from 'lucide-react'
import type { Schemas } from '../../../api/client'
import { KINDS, type Kind } from '../../../lib/transcript'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import { useSetSearch, useTaskSearch } from '../search'
import styles from './Transcript.module.css'
import type { Follow } from './useFollow'

/** What is shown of the transcript, and where to look in it. All of it stands in the URL. */
export function FlowTools(props: {
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
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a border of its own */}
      <div className="join" role="group" aria-label={words.transcript.show}>
        {KINDS.map((kind) => (
          <Button
            key={kind}
            aria-pressed={kind === props.kind}
            onClick={() => set({ kind: kind === 'all' ? undefined : kind })}
          >
            {words.transcript.kinds[kind]}
          </Button>
        ))}
      </div>
      {task.attempt > 1 && (
        <select
          className={`input ${styles.attempt}`}
          aria-label={words.transcript.attempt}
          value={attempt}
          onChange={({ target }) =>
            set({ attempt: Number(target.value) === task.attempt ? undefined : target.value })
          }
        >
          {Array.from({ length: task.attempt }, (_, before) => task.attempt - before).map((n) => (
            <option key={n} value={n}>
              {words.transcript.attemptNumber(n)}
            </option>
          ))}
        </select>
      )}
      {isLive && attempt === task.attempt && (
        <Button look="quiet" aria-pressed={follow.isOn} onClick={follow.begin}>
          <ArrowDown className="i" />
          {follow.isOn ? words.transcript.following : words.transcript.follow}
        </Button>
      )}
      <label className={styles.seek}>
        <span className="hidden">{words.transcript.search}</span>
        <input
          className="input"
          type="search"
          placeholder={words.transcript.search}
          value={q}
          onChange={({ target }) => set({ q: target.value || undefined })}
        />
      </label>
    </div>
  )
}
