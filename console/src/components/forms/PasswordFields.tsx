import { strings } from '../../i18n'
import { Field } from './Field'
import { NewPasswordField } from './NewPasswordField'
import type { Form } from './useForm'

/** The fields of a password change. */
export function PasswordFields({ form, username }: { form: Form; username: string }) {
  const texts = strings.profile
  return (
    <>
      {/* Tells password managers which account the password belongs to. */}
      <input type="hidden" name="username" autoComplete="username" value={username} />
      <Field label={texts.currentPassword} error={form.errorOf('currentPassword')}>
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
        label={texts.newPassword}
        hint={texts.newPasswordHint}
        required
      />
    </>
  )
}
