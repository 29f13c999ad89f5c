import { strings } from '../../i18n'
import { Field } from './Field'
import { NewPasswordField } from './NewPasswordField'
import type { Form } from './useForm'

/** The fields of a password change. */
export function PasswordFields({ form, username }: { form: Form; username: string }) {
  const say = strings.profile
  return (
    <>
      {/* Tells password managers which account the password belongs to. */}
      <input type="hidden" name="username" autoComplete="username" value={username} />
      <Field label={say.currentPassword} error={form.errorOf('currentPassword')}>
        <input
          className="input"
          type="password"
          name="currentPassword"
          autoComplete="current-password"
          required
        />
      </Field>
      <NewPasswordField
        form={form}
        name="newPassword"
        label={say.newPassword}
        hint={say.newPasswordHint}
        required
      />
    </>
  )
}
