import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { titleOf } from '../../../lib/title'
import { type Draft, useDraftActs, useDrafts } from '../../../queries/drafts'
import { Button } from '../../../ui/Button'
import { sayBroken, sayUndoable } from '../../../ui/toasts'
import { When } from '../../../ui/When'
import { words } from '../../../words'
import styles from './NewTask.module.css'

const SHOWN = 3

/** What was begun before, to go on with. */
export function DraftOffers({ onGoOn }: { onGoOn: (draft: Draft) => void }) {
  const [isWhole, showWhole] = useState(false)
  const drafts = (useDrafts() ?? []).toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt))
  const { keep, remove } = useDraftActs()
  if (drafts.length === 0) return null
  const discard = async ({ id, ...draft }: Draft) => {
    const { createdAt, updatedAt, ...fields } = draft
    await remove(id).then(
      () => sayUndoable(words.newTask.discarded, () => void keep(null, fields).catch(sayBroken)),
      sayBroken,
    )
  }
  const shown = isWhole ? drafts : drafts.slice(0, SHOWN)
  return (
    <section className={styles.drafts} aria-label={words.newTask.drafts}>
      <h3>{words.newTask.drafts}</h3>
      <ul>
        {shown.map((draft) => {
          const title = titleOf(draft.description) || words.newTask.untitled
          return (
            <li key={draft.id} className="row">
              <button type="button" className={styles.draft} onClick={() => onGoOn(draft)}>
                <span className="cut">{title}</span>
                <span className="dim">{draft.projectKey}</span>
              </button>
              <span className="dim">
                <When at={draft.updatedAt} />
              </span>
              <Button
                look="quiet"
                size="tiny square"
                aria-label={words.newTask.discard(title)}
                onClick={() => void discard(draft)}
              >
                <Trash2 className="i" />
              </Button>
            </li>
          )
        })}
      </ul>
      {drafts.length > shown.length && (
        <Button look="quiet" onClick={() => showWhole(true)}>
          {words.newTask.moreDrafts(drafts.length - shown.length)}
        </Button>
      )}
    </section>
  )
}
