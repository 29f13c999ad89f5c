import { useMutation } from '@tanstack/react-query'
import { Button } from '../../components/controls/Button'
import { Dialog } from '../../components/dialogs/Dialog'
import { strings } from '../../i18n'
import type { Machine } from '../../lib/machine/machines'
import { decommission } from '../../queries/adminMachines'
import { showErrorToast, showToast } from '../../state/toasts'

/** Asks before an uninstalled machine is decommissioned. Nothing runs there any more. */
export default function DecommissionDialog(props: { machine: Machine; onClose: () => void }) {
  const { machine, onClose } = props
  const { mutate, isPending } = useMutation({ mutationFn: () => decommission(machine.id, true) })
  const go = () =>
    mutate(undefined, {
      onSuccess: () => showToast(strings.machines.decommissioned(machine.name)),
      onError: showErrorToast,
      onSettled: onClose,
    })
  const title = strings.admin.decommissionTitle(machine.name)
  return (
    <Dialog
      title={title}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button variant="bad" disabled={isPending} onClick={go}>
            {title}
          </Button>
          <Button variant="quiet" onClick={onClose}>
            {strings.common.cancel}
          </Button>
        </>
      }
    >
      <p>{strings.machines.decommissionWhy}</p>
    </Dialog>
  )
}
