import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { FormError } from '../../components/forms/FormError'
import { useForm } from '../../components/forms/useForm'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { saveProfile } from '../../queries/profile'
import { showToast } from '../../state/toasts'
import styles from './profile.module.css'

export function GitIdentity({ me }: { me: Schemas['Profile'] }) {
  const form = useForm(
    ({ text }) => saveProfile({ gitName: text('gitName'), gitEmail: text('gitEmail') }),
    () => showToast(strings.profile.saved),
  )
  return (
    <Section id="git" title={strings.profile.gitIdentity} about={strings.profile.gitIdentityAbout}>
      <dl className="facts">
        <dt>{strings.profile.username}</dt>
        <dd>{me.name}</dd>
        <dt>{strings.profile.role}</dt>
        <dd>{strings.profile.roles[me.role]}</dd>
      </dl>
      <form className={styles.form} onSubmit={form.onSubmit}>
        <Field label={strings.profile.gitName} error={form.errorOf('gitName')}>
          <input className="input" name="gitName" defaultValue={me.gitName} required />
        </Field>
        <Field label={strings.profile.gitEmail} error={form.errorOf('gitEmail')}>
          <input className="input" name="gitEmail" defaultValue={me.gitEmail} required />
        </Field>
        <FormError form={form} />
        <div className="row">
          <Button type="submit" disabled={form.isBusy}>
            {strings.common.save}
          </Button>
        </div>
      </form>
    </Section>
  )
}
