import { ChevronDown } from 'lucide-react'
import { Suspense, useId, useState } from 'react'
import { lazyComponent } from '../../../components/lazyComponent'
import type { TaskDetail } from '../../../queries/task'
import { useBlockerUpdates } from './useBlockerUpdates'
import styles from './waits.module.css'

const BlockerList = lazyComponent(() => import('./BlockerList'))

/** Why the task is in its status. Opens the list of the machines that can't run it. */
export function StatusSentence({ task, text }: { task: TaskDetail; text: string }) {
  const [isOpen, setOpen] = useState(false)
  const listId = useId()
  const blocked = (task.queue ?? task.relocation)?.blockedBy ?? []
  useBlockerUpdates(task)
  if (blocked.length === 0) return <span>{text}</span>
  return (
    <>
      <button
        type="button"
        className={`tall ${styles.sentence}`}
        aria-expanded={isOpen}
        aria-controls={listId}
        onClick={() => setOpen(!isOpen)}
      >
        {text}
        <ChevronDown className="i" aria-hidden="true" />
      </button>
      {isOpen && (
        <Suspense>
          <BlockerList id={listId} task={task} blocked={blocked} />
        </Suspense>
      )}
    </>
  )
}
