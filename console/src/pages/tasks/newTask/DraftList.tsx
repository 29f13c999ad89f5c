import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { strings } from '../../../i18n'
import { titleOf } from '../../../lib/task/title'
import { type Draft, useDraftActions, useDrafts } from '../../../queries/drafts'
import { showErrorToast, showUndoToast } from '../../../state/toasts'
import styles from './NewTask.module.css'

const MAX_SHOWN = 3

/** Your drafts, to continue with. */
export function DraftList({ onGoOn }: { onGoOn: (draft: Draft) => void }) {
  const [isWhole, showWhole] = useState(false)
  const drafts = (useDrafts() ?? []).toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt))
  const { save, remove } = useDraftActions()
  if (drafts.length === 0) return null
  const discard = async ({ id, ...draft }: Draft) => {
    const { createdAt, updatedAt, ...fields } = draft
    await remove(id).then(
      () =>
        showUndoToast(
          strings.newTask.discarded,
          () => void save(null, fields).catch(showErrorToast),
        ),
      showErrorToast,
    )
  }
  const visible = isWhole ? drafts : drafts.slice(0, MAX_SHOWN)
  return (
    <section className={styles.drafts} aria-label={strings.newTask.drafts}>
      <h3>{strings.newTask.drafts}</h3>
      <ul>
        {visible.map((draft) => {
          const title = titleOf(draft.description) || strings.newTask.untitled
          return (
            <li key={draft.id} className="row">
              <button type="button" className={styles.draft} onClick={() => onGoOn(draft)}>
                <span className="cut">{title}</span>
                <span className="dim">{draft.projectKey}</span>
              </button>
              <span className="dim">
                <RelativeTime at={draft.updatedAt} />
              </span>
              <Button
                variant="quiet"
                size="tiny square"
                aria-label={strings.newTask.discard(title)}
                onClick={() => void discard(draft)}
              >
                <Trash2 className="i" />
              </Button>
            </li>
          )
        })}
      </ul>
      {drafts.length > visible.length && (
        <Button variant="quiet" onClick={() => showWhole(true)}>
          {strings.newTask.moreDrafts(drafts.length - visible.length)}
        </Button>
      )}
    </section>
  )
}
