import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import { CopyableLine } from '../controls/CopyButton'
import { Dialog } from './Dialog'

/** A dialog that shows a secret once. */
export function SecretDialog(props: {
  title: string
  secret: string
  what: string
  children?: React.ReactNode
  onClose: () => void
}) {
  return (
    <Dialog
      isOpen
      title={props.title}
      onClose={props.onClose}
      foot={<Button onClick={props.onClose}>{strings.forms.saved}</Button>}
    >
      <p>{strings.forms.once}</p>
      <CopyableLine text={props.secret} what={props.what} />
      {props.children}
    </Dialog>
  )
}
