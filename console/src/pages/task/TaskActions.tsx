import { MoreHorizontal } from 'lucide-react'
import { Suspense } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { Menu, type MenuItem } from '../../components/controls/Menu'
import { useUrlDialog } from '../../components/hooks/useUrlDialog'
import { lazyComponent } from '../../components/lazyComponent'
import { strings } from '../../i18n'
import { useSendBack } from '../../queries/followUps'
import { showErrorToast, showToast } from '../../state/toasts'
import { downloadEvidence } from './actions/downloadEvidence'
import { useSetSearch } from './search'
import styles from './TaskActions.module.css'

const CancelDialog = lazyComponent(() => import('./actions/CancelDialog'))
const RetryDialog = lazyComponent(() => import('./actions/RetryDialog'))
const FollowUpDialog = lazyComponent(() => import('./actions/FollowUpDialog'))
const InterruptDialog = lazyComponent(() => import('./messages/InterruptDialog'))
const CurlDialog = lazyComponent(() => import('./actions/CurlDialog'))

type TaskDialog = 'cancel' | 'retry' | 'followUp' | 'interrupt' | 'curl'

/** The actions on the task that you are allowed. */
export function TaskActions({ task }: { task: Schemas['TaskDetail'] }) {
  const [opened, open] = useUrlDialog<TaskDialog>()
  const allowed = task.allowedActions
  const set = useSetSearch()
  const sendBack = useSendBack(task.id)
  const acts: MenuItem[] = []
  if (allowed.includes('send_back'))
    acts.push({
      name: strings.task.sendBack,
      onSelect: () =>
        sendBack.mutate(undefined, {
          onSuccess: () => showToast(strings.task.sentBack(task.id)),
          onError: showErrorToast,
        }),
    })
  if (allowed.includes('follow_up'))
    acts.push({ name: strings.task.followUp, onSelect: () => open('followUp') })
  if (allowed.includes('retry'))
    acts.push({ name: strings.task.retry, onSelect: () => open('retry') })
  if (allowed.includes('cancel'))
    acts.push({ name: strings.task.cancel, onSelect: () => open('cancel'), isBad: true })
  const more: MenuItem[] = [
    { name: strings.task.openWorkspace, onSelect: () => set({ view: 'workspace' }) },
    { name: strings.task.evidence, onSelect: () => void downloadEvidence(task.id) },
    { name: strings.task.curl, onSelect: () => open('curl') },
  ]
  return (
    <div className={styles.acts}>
      {acts.map(({ name, onSelect, isBad }) => (
        <Button
          key={name}
          {...(isBad && { variant: 'bad' as const })}
          className={styles.wide}
          onClick={onSelect}
        >
          {name}
        </Button>
      ))}
      <span className={styles.wide}>
        <MoreMenu items={more} />
      </span>
      <span className={styles.phone}>
        <MoreMenu items={[...acts, null, ...more]} />
      </span>
      <TaskDialogs task={task} opened={opened} close={() => open()} />
    </div>
  )
}

/** The dialog that the URL opens, if its action is allowed. */
function TaskDialogs(props: {
  task: Schemas['TaskDetail']
  opened: TaskDialog | undefined
  close: () => void
}) {
  const { task, opened, close } = props
  const allowed = task.allowedActions
  return (
    <Suspense>
      {opened === 'cancel' && allowed.includes('cancel') && (
        <CancelDialog task={task} onClose={close} />
      )}
      {opened === 'retry' && allowed.includes('retry') && (
        <RetryDialog task={task} onClose={close} />
      )}
      {opened === 'followUp' && allowed.includes('follow_up') && (
        <FollowUpDialog task={task} onClose={close} />
      )}
      {opened === 'interrupt' && allowed.includes('interrupt') && (
        <InterruptDialog task={task} onClose={close} />
      )}
      {opened === 'curl' && <CurlDialog task={task} onClose={close} />}
    </Suspense>
  )
}

function MoreMenu({ items }: { items: (MenuItem | null)[] }) {
  const button = (
    <Button variant="quiet" size="square" aria-label={strings.task.more}>
      <MoreHorizontal className="i" />
    </Button>
  )
  return <Menu button={button} items={items} />
}
