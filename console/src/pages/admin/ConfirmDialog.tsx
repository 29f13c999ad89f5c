import { FormDialog } from '../../components/dialogs/FormDialog'

/** A dialog that asks for confirmation before an action, usually a deletion, naming its object. */
export function ConfirmDialog(props: {
  title: string
  about: string
  submit: string
  act: () => Promise<unknown>
  onClose: () => void
}) {
  return (
    <FormDialog
      isBad
      title={props.title}
      submit={props.submit}
      act={props.act}
      done={props.onClose}
      onClose={props.onClose}
    >
      <p>{props.about}</p>
    </FormDialog>
  )
}
