import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Field } from '../../../components/forms/Field'
import { strings } from '../../../i18n'
import { createWorkerToken } from '../../../queries/adminMachines'

export function NewWorkerTokenDialog(props: {
  onMade: (token: string) => void
  onClose: () => void
}) {
  return (
    <FormDialog
      title={strings.admin.newToken}
      submit={strings.admin.createToken}
      act={({ text }) => createWorkerToken({ label: text('label') })}
      done={props.onMade}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <p className="soft">{strings.admin.tokenAbout}</p>
          <Field
            label={strings.admin.label}
            hint={strings.forms.optional}
            error={form.errorOf('label')}
          >
            <input className="input" name="label" maxLength={200} autoComplete="off" />
          </Field>
        </>
      )}
    </FormDialog>
  )
}
