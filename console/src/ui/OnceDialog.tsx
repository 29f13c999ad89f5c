import { words } from '../words'
import { Button } from './Button'
import { CopyLine } from './Copy'
import { Dialog } from './Dialog'

/** A secret that is shown once. */
export function OnceDialog(props: {
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
      foot={<Button onClick={props.onClose}>{words.forms.kept}</Button>}
    >
      <p>{words.forms.once}</p>
      <CopyLine text={props.secret} what={props.what} />
      {props.children}
    </Dialog>
  )
}
