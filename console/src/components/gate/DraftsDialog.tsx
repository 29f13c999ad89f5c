import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import { Dialog } from '../dialogs/Dialog'

/** Asks before an approval that would leave your comments unseen. */
export default function DraftsDialog(props: {
  count: number
  isOff: boolean
  onSubmit: () => void
  onDiscard: () => void
  onClose: () => void
}) {
  const { isOff } = props
  return (
    <Dialog
      title={strings.gate.draftsTitle(props.count)}
      isOpen
      onClose={props.onClose}
      foot={
        <>
          <Button variant="main" disabled={isOff} onClick={props.onSubmit}>
            {strings.diff.submit}
          </Button>
          <Button variant="bad" disabled={isOff} onClick={props.onDiscard}>
            {strings.gate.discardAndApprove}
          </Button>
          <Button variant="quiet" onClick={props.onClose}>
            {strings.common.cancel}
          </Button>
        </>
      }
    >
      <p>{strings.gate.draftsEffect}</p>
    </Dialog>
  )
}
