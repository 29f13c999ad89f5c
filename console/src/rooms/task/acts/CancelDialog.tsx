import type { Schemas } from '../../../api/client'
import { useCancel } from '../../../queries/task'
import { Button } from '../../../ui/Button'
import { Dialog } from '../../../ui/Dialog'
import { say, sayBroken } from '../../../ui/toasts'
import { words } from '../../../words'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }

/** It cannot be undone, so it is asked about once, by name. */
export default function CancelDialog({ task, onClose }: Props) {
  const cancel = useCancel(task.id)
  const go = () =>
    cancel.mutate(undefined, {
      onSuccess: () => say(words.task.cancelled(task.id)),
      onError: sayBroken,
      onSettled: onClose,
    })
  return (
    <Dialog
      title={words.task.cancelTitle(task.id)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button look="bad" disabled={cancel.isPending} onClick={go}>
            {words.task.cancelDo}
          </Button>
          <Button look="quiet" onClick={onClose}>
            {words.task.keep}
          </Button>
        </>
      }
    >
      <p>{words.task.cancelWhy}</p>
    </Dialog>
  )
}
