import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { FormError } from '../../components/forms/FormError'
import { NewPasswordField } from '../../components/forms/NewPasswordField'
import { useForm } from '../../components/forms/useForm'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { useMe } from '../../queries/me'
import { changePassword } from '../../queries/profile'
import { showToast } from '../../state/toasts'
import styles from './profile.module.css'

export function Password() {
  const me = useMe()
  const form = useForm(
    ({ exact }) =>
      changePassword({
        currentPassword: exact('currentPassword'),
        newPassword: exact('newPassword'),
      }),
    () => showToast(strings.profile.passwordChanged),
  )
  return (
    <Section title={strings.profile.password} about={strings.profile.passwordAbout}>
      <form className={styles.form} onSubmit={form.onSubmit}>
        {/* Tells password managers which account the password belongs to. */}
        <input type="hidden" name="username" autoComplete="username" value={me?.name ?? ''} />
        <Field label={strings.profile.currentPassword} error={form.errorOf('currentPassword')}>
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
          label={strings.profile.newPassword}
          hint={strings.profile.newPasswordHint}
          required
        />
        <FormError form={form} />
        <div className="row">
          <Button type="submit" disabled={form.isBusy}>
            {strings.profile.changePassword}
          </Button>
        </div>
      </form>
    </Section>
  )
}
