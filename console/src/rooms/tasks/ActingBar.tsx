import { X } from 'lucide-react'
import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { curlOf } from '../../lib/curl'
import type { Row } from '../../lib/taskRows'
import { cancelAll, retryAll } from '../../queries/taskTable'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { detailOf } from '../../ui/detail'
import { say } from '../../ui/toasts'
import { words } from '../../words'
import styles from './Tasks.module.css'

type Act = 'cancel' | 'retry'

/** What can be done to all that are selected: shown only where it is allowed for each of them. */
export function ActingBar({ rows, onClear }: { rows: Row[]; onClear: () => void }) {
  const [isAsking, ask] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const ids = rows.map(({ id }) => id)
  const may = (act: Act) => rows.every((row) => row.may.includes(act))
  const run = async (act: Act) => {
    setBusy(true)
    const refused = await (act === 'cancel' ? cancelAll(ids) : retryAll(ids))
    setBusy(false)
    ask(false)
    const [first] = refused
    if (first) {
      say(words.tasks.someFailed(refused.length, ids.length, detailOf(asProblem(first))))
    } else {
      say((act === 'cancel' ? words.tasks.cancelledSome : words.tasks.retriedSome)(ids.length))
      onClear()
    }
  }
  const curl = (act: Act) => async () => {
    const lines = ids.map((id) =>
      curlOf({ method: 'POST', url: `${location.origin}/api/web/tasks/${id}/${act}` }),
    )
    await navigator.clipboard.writeText(lines.join('\n'))
    say(words.tasks.curlCopied)
  }
  const [canCancel, canRetry] = [may('cancel'), may('retry')]
  return (
    <>
      <div className={styles.acting} role="toolbar" aria-label={words.tasks.acting(rows.length)}>
        <span role="status">{words.tasks.selected(rows.length)}</span>
        {canCancel && (
          <Button look="bad" disabled={isBusy} onClick={() => ask(true)}>
            {words.tasks.cancelSome(rows.length)}
          </Button>
        )}
        {canRetry && (
          <Button disabled={isBusy} onClick={() => void run('retry')}>
            {words.tasks.retrySome(rows.length)}
          </Button>
        )}
        {canCancel || canRetry ? (
          <Button onClick={curl(canCancel ? 'cancel' : 'retry')}>{words.tasks.curl}</Button>
        ) : (
          <span className="dim">{words.tasks.notForAll}</span>
        )}
        <Button
          look="quiet"
          size="square"
          aria-label={words.tasks.clearSelection}
          onClick={onClear}
        >
          <X className="i" />
        </Button>
      </div>
      {isAsking && (
        <Dialog
          title={words.tasks.cancelSomeTitle(rows.length)}
          isOpen
          onClose={() => ask(false)}
          foot={
            <>
              <Button look="bad" disabled={isBusy} onClick={() => void run('cancel')}>
                {words.tasks.cancelSome(rows.length)}
              </Button>
              <Button look="quiet" onClick={() => ask(false)}>
                {words.tasks.keepSome}
              </Button>
            </>
          }
        >
          <p>{words.tasks.cancelSomeWhy}</p>
          <ul className={styles.named}>
            {rows.map(({ id, title }) => (
              <li key={id} className="cut">
                <span className={styles.id}>#{id}</span>
                {title}
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </>
  )
}
