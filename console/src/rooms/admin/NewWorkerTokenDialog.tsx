import { createWorkerToken } from '../../queries/adminMachines'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { words } from '../../words'

export function NewWorkerTokenDialog(props: {
  onMade: (token: string) => void
  onClose: () => void
}) {
  return (
    <FormDialog
      title={words.admin.newToken}
      submit={words.admin.createToken}
      act={({ text }) => createWorkerToken({ label: text('label') })}
      done={props.onMade}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <p className="soft">{words.admin.tokenAbout}</p>
          <Field
            label={words.admin.label}
            hint={words.forms.optional}
            error={form.errorOf('label')}
          >
            <input className="input" name="label" maxLength={200} autoComplete="off" />
          </Field>
        </>
      )}
    </FormDialog>
  )
}
