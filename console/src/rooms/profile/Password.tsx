import { useMe } from '../../queries/me'
import { changePassword } from '../../queries/profile'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormError } from '../../ui/FormError'
import { NewPassword } from '../../ui/NewPassword'
import { Section } from '../../ui/Section'
import { say } from '../../ui/toasts'
import { useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './profile.module.css'

export function Password() {
  const me = useMe()
  const form = useForm(
    ({ exact }) =>
      changePassword({
        currentPassword: exact('currentPassword'),
        newPassword: exact('newPassword'),
      }),
    () => say(words.profile.passwordChanged),
  )
  return (
    <Section title={words.profile.password} about={words.profile.passwordAbout}>
      <form className={styles.form} onSubmit={form.onSubmit}>
        {/* So that password managers know whose it is. */}
        <input type="hidden" name="username" autoComplete="username" value={me?.name ?? ''} />
        <Field label={words.profile.currentPassword} error={form.errorOf('currentPassword')}>
          <input
            className="input"
            type="password"
            name="currentPassword"
            autoComplete="current-password"
            required
          />
        </Field>
        <NewPassword
          form={form}
          name="newPassword"
          label={words.profile.newPassword}
          hint={words.profile.newPasswordHint}
          required
        />
        <FormError form={form} />
        <div className="row">
          <Button type="submit" disabled={form.isBusy}>
            {words.profile.changePassword}
          </Button>
        </div>
      </form>
    </Section>
  )
}
