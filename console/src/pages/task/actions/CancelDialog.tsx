import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { strings } from '../../../i18n'
import { useCancelTask } from '../../../queries/task'
import { showErrorToast, showToast } from '../../../state/toasts'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }

/** A dialog that asks for confirmation, naming the task: cancelling can't be undone. */
export default function CancelDialog({ task, onClose }: Props) {
  const cancel = useCancelTask(task.id)
  const go = () =>
    cancel.mutate(undefined, {
      onSuccess: () => showToast(strings.task.cancelled(task.id)),
      onError: showErrorToast,
      onSettled: onClose,
    })
  return (
    <Dialog
      title={strings.task.cancelTitle(task.id)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button variant="bad" disabled={cancel.isPending} onClick={go}>
            {strings.task.cancelDo}
          </Button>
          <Button variant="quiet" onClick={onClose}>
            {strings.task.keepTask}
          </Button>
        </>
      }
    >
      <p>{strings.task.cancelWhy}</p>
    </Dialog>
  )
}
