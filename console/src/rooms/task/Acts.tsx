import { MoreHorizontal } from 'lucide-react'
import { Suspense, useState } from 'react'
import type { Schemas } from '../../api/client'
import { saveAs } from '../../lib/save'
import { evidence } from '../../queries/task'
import { Button } from '../../ui/Button'
import { late } from '../../ui/late'
import { type Item, Menu } from '../../ui/Menu'
import { sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import styles from './Acts.module.css'
import { useSetSearch } from './search'
import { useMay } from './useMay'

const CancelDialog = late(() => import('./acts/CancelDialog'))
const RetryDialog = late(() => import('./acts/RetryDialog'))
const FollowUpDialog = late(() => import('./acts/FollowUpDialog'))
const CurlDialog = late(() => import('./acts/CurlDialog'))

type Opened = 'cancel' | 'retry' | 'followUp' | 'curl' | null

/** What can be done with the task. What the person may not do is not there. */
export function Acts({ task }: { task: Schemas['TaskDetail'] }) {
  const [opened, open] = useState<Opened>(null)
  const may = useMay(task)
  const set = useSetSearch()
  const close = () => open(null)
  const acts: Item[] = []
  if (may.followUp) acts.push({ name: words.task.followUp, act: () => open('followUp') })
  if (may.retry) acts.push({ name: words.task.retry, act: () => open('retry') })
  if (may.cancel) acts.push({ name: words.task.cancel, act: () => open('cancel'), isBad: true })
  const more: Item[] = [
    { name: words.task.openWorkspace, act: () => set({ view: 'workspace' }) },
    { name: words.task.evidence, act: () => void download(task.id) },
    { name: words.task.curl, act: () => open('curl') },
  ]
  return (
    <div className={styles.acts}>
      {acts.map(({ name, act, isBad }) => (
        <Button
          key={name}
          {...(isBad && { look: 'bad' as const })}
          className={styles.wide}
          onClick={act}
        >
          {name}
        </Button>
      ))}
      <span className={styles.wide}>
        <More items={more} />
      </span>
      <span className={styles.phone}>
        <More items={[...acts, null, ...more]} />
      </span>
      <Suspense>
        {opened === 'cancel' && <CancelDialog task={task} onClose={close} />}
        {opened === 'retry' && <RetryDialog task={task} onClose={close} />}
        {opened === 'followUp' && <FollowUpDialog task={task} onClose={close} />}
        {opened === 'curl' && <CurlDialog task={task} onClose={close} />}
      </Suspense>
    </div>
  )
}

function More({ items }: { items: (Item | null)[] }) {
  const button = (
    <Button look="quiet" size="square" aria-label={words.task.more}>
      <MoreHorizontal className="i" />
    </Button>
  )
  return <Menu button={button} items={items} />
}

async function download(taskId: number): Promise<void> {
  try {
    saveAs(await evidence(taskId), `task-${taskId}-evidence.zip`)
  } catch (error) {
    sayBroken(error)
  }
}
