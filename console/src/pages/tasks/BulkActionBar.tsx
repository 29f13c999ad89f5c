import { X } from 'lucide-react'
import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { Dialog } from '../../components/dialogs/Dialog'
import { strings } from '../../i18n'
import { curlCommand } from '../../lib/net/curl'
import type { Row } from '../../lib/task/tableRows'
import { cancelAll, retryAll } from '../../queries/taskTable'
import { showToast } from '../../state/toasts'
import styles from './Tasks.module.css'

type BulkAction = 'cancel' | 'retry'

/** Actions on the selected tasks. Shows only those allowed for each of them. */
export function BulkActionBar({ rows, onClear }: { rows: Row[]; onClear: () => void }) {
  const [isAsking, ask] = useState(false)
  const ids = rows.map(({ id }) => id)
  const { isBusy, run } = useBulkAction(ids, onClear)
  const isAllowed = (act: BulkAction) => rows.every((row) => row.allowedActions.includes(act))
  const [canCancel, canRetry] = [isAllowed('cancel'), isAllowed('retry')]
  const cancel = () => void run('cancel').then(() => ask(false))
  return (
    <>
      <div className={styles.acting} role="toolbar" aria-label={strings.tasks.acting(rows.length)}>
        <span role="status">{strings.tasks.selected(rows.length)}</span>
        {canCancel && (
          <Button variant="bad" disabled={isBusy} onClick={() => ask(true)}>
            {strings.tasks.cancelSome(rows.length)}
          </Button>
        )}
        {canRetry && (
          <Button disabled={isBusy} onClick={() => void run('retry')}>
            {strings.tasks.retrySome(rows.length)}
          </Button>
        )}
        {canCancel || canRetry ? (
          <Button onClick={() => void copyCurl(ids, canCancel ? 'cancel' : 'retry')}>
            {strings.tasks.curl}
          </Button>
        ) : (
          <span className="dim">{strings.tasks.notForAll}</span>
        )}
        <Button
          variant="quiet"
          size="square"
          aria-label={strings.tasks.clearSelection}
          onClick={onClear}
        >
          <X className="i" />
        </Button>
      </div>
      {isAsking && (
        <CancelDialog rows={rows} isBusy={isBusy} onCancel={cancel} onClose={() => ask(false)} />
      )}
    </>
  )
}

/** Runs an action on all tasks. If any fail, the selection stays. */
function useBulkAction(ids: number[], onDone: () => void) {
  const [isBusy, setBusy] = useState(false)
  const run = async (act: BulkAction) => {
    setBusy(true)
    const refused = await (act === 'cancel' ? cancelAll(ids) : retryAll(ids))
    setBusy(false)
    const [first] = refused
    if (first) {
      const why = problemText(asProblem(first))
      return showToast(strings.tasks.someFailed(refused.length, ids.length, why))
    }
    showToast(
      (act === 'cancel' ? strings.tasks.cancelledSome : strings.tasks.retriedSome)(ids.length),
    )
    onDone()
  }
  return { isBusy, run }
}

async function copyCurl(ids: number[], act: BulkAction): Promise<void> {
  const lines = ids.map((id) =>
    curlCommand({ method: 'POST', url: `${location.origin}/api/web/tasks/${id}/${act}` }),
  )
  await navigator.clipboard.writeText(lines.join('\n'))
  showToast(strings.tasks.curlCopied)
}

function CancelDialog(props: {
  rows: Row[]
  isBusy: boolean
  onCancel: () => void
  onClose: () => void
}) {
  const { rows, isBusy, onCancel, onClose } = props
  return (
    <Dialog
      title={strings.tasks.cancelSomeTitle(rows.length)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button variant="bad" disabled={isBusy} onClick={onCancel}>
            {strings.tasks.cancelSome(rows.length)}
          </Button>
          <Button variant="quiet" onClick={onClose}>
            {strings.tasks.keepSome}
          </Button>
        </>
      }
    >
      <p>{strings.tasks.cancelSomeWhy}</p>
      <ul className={styles.named}>
        {rows.map(({ id, title }) => (
          <li key={id} className="cut">
            <span className={styles.id}>#{id}</span>
            {title}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
