import { FormDialog } from '../../components/dialogs/FormDialog'

/** Asks once more, by the name of what would be gone. */
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
