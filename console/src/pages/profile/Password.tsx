import { Button } from '../../components/controls/Button'
import { FormError } from '../../components/forms/FormError'
import { PasswordFields } from '../../components/forms/PasswordFields'
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
    <Section id="password" title={strings.profile.password} about={strings.profile.passwordAbout}>
      <form className={styles.form} onSubmit={form.onSubmit}>
        <PasswordFields form={form} username={me?.name ?? ''} />
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
