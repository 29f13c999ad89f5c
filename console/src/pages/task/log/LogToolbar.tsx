import { Download, Search } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { MatchButtons } from '../../../components/controls/MatchButtons'
import { useShortcuts } from '../../../components/hooks/shortcuts'
import { locale, strings } from '../../../i18n'
import { formatInteger, formatPercent } from '../../../lib/format/numbers'
import { downloadBlob } from '../../../lib/net/download'
import { fetchLog } from '../../../queries/logs'
import { showErrorToast } from '../../../state/toasts'
import { AttemptSelect } from './AttemptSelect'
import styles from './log.module.css'
import type { SearchResult } from './useLogSearch'

type Props = {
  task: Schemas['TaskDetail']
  attempt: number
  onAttempt: (attempt: number) => void
  visible: { first: number; total: number }
  query: string
  onSought: (words: string) => void
  found: SearchResult
  step: (back: boolean) => void
  at: number
  follows: boolean
  /** Undefined if no more lines will come. */
  onFollow: ((is: boolean) => void) | undefined
}

/** The position in the log, the attempt, and the search. */
export function LogToolbar(props: Props) {
  const { task, attempt, visible, query, found, step, follows, onFollow } = props
  const field = useRef<HTMLInputElement>(null)
  useShortcuts('here', [{ key: '/', what: strings.log.search, do: () => field.current?.focus() }])
  return (
    <div className={styles.bar}>
      {task.attempt > 1 && (
        <AttemptSelect latest={task.attempt} shown={attempt} choose={props.onAttempt} />
      )}
      <span className="dim">
        {visible.total > 0
          ? strings.log.at(
              formatInteger(visible.first + 1, locale),
              formatInteger(visible.total, locale),
            )
          : strings.log.empty}
      </span>
      <span className="grow" />
      <search className={styles.find}>
        <Search className="i" aria-hidden="true" />
        <input
          ref={field}
          className="input"
          type="search"
          aria-label={strings.log.search}
          placeholder={strings.log.search}
          value={query}
          onChange={(event) => props.onSought(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey)
            if (event.key === 'Escape') props.onSought('')
          }}
        />
        {query && (
          <>
            <span className="dim" role="status">
              {matchText(found, props.at)}
            </span>
            <MatchButtons step={step} />
          </>
        )}
      </search>
      {onFollow && (
        <Button aria-pressed={follows} onClick={() => onFollow(!follows)}>
          {follows ? strings.log.follows : strings.log.follow}
        </Button>
      )}
      <DownloadLog taskId={task.id} attempt={attempt} />
    </div>
  )
}

function matchText(found: SearchResult, at: number): string {
  if (found.isBroken) return strings.log.searchBroken
  const count = formatInteger(found.count, locale)
  const position =
    at >= 0
      ? strings.log.foundAt(formatInteger(at + 1, locale), count)
      : strings.log.found(found.count, count)
  return found.share < 1
    ? `${position}${strings.common.separators.clause}${strings.log.searched(formatPercent(found.share, locale))}`
    : position
}

function DownloadLog({ taskId, attempt }: { taskId: number; attempt: number }) {
  const [isBusy, setBusy] = useState(false)
  const download = async () => {
    setBusy(true)
    try {
      downloadBlob(await (await fetchLog(taskId, attempt)).blob(), `task-${taskId}-${attempt}.log`)
    } catch (error) {
      showErrorToast(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button
      variant="quiet"
      size="square"
      disabled={isBusy}
      aria-label={strings.log.download}
      title={strings.log.download}
      onClick={download}
    >
      <Download className="i" />
    </Button>
  )
}
