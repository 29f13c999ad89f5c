import type { Schemas } from '../../api/client'
import { saveProfile } from '../../queries/profile'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormError } from '../../ui/FormError'
import { Section } from '../../ui/Section'
import { say } from '../../ui/toasts'
import { useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './profile.module.css'

export function You({ me }: { me: Schemas['Profile'] }) {
  const form = useForm(
    ({ text }) => saveProfile({ gitName: text('gitName'), gitEmail: text('gitEmail') }),
    () => say(words.profile.saved),
  )
  return (
    <Section title={words.profile.you} about={words.profile.youAbout}>
      <dl className="facts">
        <dt>{words.profile.username}</dt>
        <dd>{me.name}</dd>
        <dt>{words.profile.role}</dt>
        <dd>{words.profile.roles[me.role]}</dd>
      </dl>
      <form className={styles.form} onSubmit={form.onSubmit}>
        <Field label={words.profile.gitName} error={form.errorOf('gitName')}>
          <input className="input" name="gitName" defaultValue={me.gitName} required />
        </Field>
        <Field label={words.profile.gitEmail} error={form.errorOf('gitEmail')}>
          <input className="input" name="gitEmail" defaultValue={me.gitEmail} required />
        </Field>
        <FormError form={form} />
        <div className="row">
          <Button type="submit" disabled={form.isBusy}>
            {words.common.save}
          </Button>
        </div>
      </form>
    </Section>
  )
}
