import { Field } from './Field'
import type { Form } from './useForm'

const MIN_LENGTH = 12

/** A field for a new password, with the server's requirements. */
export function NewPasswordField(props: {
  form: Form
  name: string
  label: string
  hint: string
  required?: boolean
}) {
  return (
    <Field label={props.label} hint={props.hint} error={props.form.errorOf(props.name)}>
      <input
        className="input"
        type="password"
        name={props.name}
        autoComplete="new-password"
        minLength={MIN_LENGTH}
        required={props.required}
      />
    </Field>
  )
}
