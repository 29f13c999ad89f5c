import { Download, Search } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { percent, whole } from '../../../lib/numbers'
import { saveAs } from '../../../lib/save'
import { wholeLog } from '../../../queries/logs'
import { Button } from '../../../ui/Button'
import { FoundSteps } from '../../../ui/FoundSteps'
import { useKeys } from '../../../ui/keys'
import { sayBroken } from '../../../ui/toasts'
import { locale, words } from '../../../words'
import { Attempts } from './Attempts'
import styles from './log.module.css'
import type { Found } from './useLogSearch'

type Props = {
  task: Schemas['TaskDetail']
  attempt: number
  onAttempt: (attempt: number) => void
  seen: { first: number; total: number }
  sought: string
  onSought: (words: string) => void
  found: Found
  step: (back: boolean) => void
  at: number
  follows: boolean
  /** Undefined where nothing more will come. */
  onFollow: ((is: boolean) => void) | undefined
}

/** Where one is in the log, which attempt's it is, and what one looks for in it. */
export function Bar(props: Props) {
  const { task, attempt, seen, sought, found, step, follows, onFollow } = props
  const field = useRef<HTMLInputElement>(null)
  useKeys('here', [{ key: '/', what: words.log.search, do: () => field.current?.focus() }])
  return (
    <div className={styles.bar}>
      {task.attempt > 1 && (
        <Attempts latest={task.attempt} shown={attempt} choose={props.onAttempt} />
      )}
      <span className="dim">
        {seen.total > 0
          ? words.log.at(whole(seen.first + 1, locale), whole(seen.total, locale))
          : words.log.empty}
      </span>
      <span className="grow" />
      <search className={styles.find}>
        <Search className="i" aria-hidden="true" />
        <input
          ref={field}
          className="input"
          type="search"
          aria-label={words.log.search}
          placeholder={words.log.search}
          value={sought}
          onChange={(event) => props.onSought(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey)
            if (event.key === 'Escape') props.onSought('')
          }}
        />
        {sought && (
          <>
            <span className="dim" role="status">
              {foundWords(found, props.at)}
            </span>
            <FoundSteps step={step} />
          </>
        )}
      </search>
      {onFollow && (
        <Button aria-pressed={follows} onClick={() => onFollow(!follows)}>
          {follows ? words.log.follows : words.log.follow}
        </Button>
      )}
      <DownloadLog taskId={task.id} attempt={attempt} />
    </div>
  )
}

function foundWords(found: Found, at: number): string {
  if (found.isBroken) return words.log.searchBroken
  const count = whole(found.count, locale)
  const said =
    at >= 0 ? words.log.foundAt(whole(at + 1, locale), count) : words.log.found(found.count, count)
  return found.share < 1 ? `${said}, ${words.log.looked(percent(found.share, locale))}` : said
}

function DownloadLog({ taskId, attempt }: { taskId: number; attempt: number }) {
  const [isBusy, setBusy] = useState(false)
  const download = async () => {
    setBusy(true)
    try {
      saveAs(await (await wholeLog(taskId, attempt)).blob(), `task-${taskId}-${attempt}.log`)
    } catch (error) {
      sayBroken(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button
      look="quiet"
      size="square"
      disabled={isBusy}
      aria-label={words.log.download}
      title={words.log.download}
      onClick={download}
    >
      <Download className="i" />
    </Button>
  )
}
