import type { Schemas } from '../../../api/client'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Field } from '../../../components/forms/Field'
import { LimitFields } from '../../../components/forms/LimitFields'
import type { Form, FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { readLimits } from '../../../lib/form/limits'
import { changeDeveloper } from '../../../queries/adminDevelopers'

type Developer = Schemas['Developer']
type Role = Developer['role']

export function ChangeDeveloperDialog(props: { developer: Developer; onClose: () => void }) {
  const { developer, onClose } = props
  const submit = (given: FormValues) =>
    changeDeveloper(developer.id, {
      ...readPerson(given),
      platformUid: given.text('platformUid') || null,
      budget: readLimits(given.text, 'budget'),
    })
  return (
    <FormDialog
      title={strings.admin.changeDeveloper(developer.name)}
      submit={strings.common.save}
      act={submit}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <PersonFields form={form} developer={developer} />
          <Field
            label={strings.admin.chatAccount}
            hint={strings.admin.chatAccountHint}
            error={form.errorOf('platformUid')}
          >
            <input
              className="input mono"
              name="platformUid"
              defaultValue={developer.platformUid ?? ''}
              autoComplete="off"
            />
          </Field>
          <LimitFields
            form={form}
            name="budget"
            title={strings.admin.budget}
            hint={strings.admin.noLimit}
            budget={developer.budget}
          />
        </>
      )}
    </FormDialog>
  )
}

function PersonFields({ form, developer }: { form: Form; developer?: Developer }) {
  return (
    <>
      <Field label={strings.admin.role} error={form.errorOf('role')}>
        <select className="input" name="role" defaultValue={developer?.role ?? 'developer'}>
          {(Object.keys(strings.profile.roles) as Role[]).map((role) => (
            <option key={role} value={role}>
              {strings.profile.roles[role]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={strings.admin.gitName} error={form.errorOf('gitName')}>
        <input
          className="input"
          name="gitName"
          autoComplete="off"
          defaultValue={developer?.gitName}
          required
        />
      </Field>
      <Field label={strings.admin.gitEmail} error={form.errorOf('gitEmail')}>
        <input
          className="input"
          name="gitEmail"
          autoComplete="off"
          defaultValue={developer?.gitEmail}
          required
        />
      </Field>
      <Field
        label={strings.admin.email}
        hint={strings.admin.emailHint}
        error={form.errorOf('email')}
      >
        <input
          className="input"
          name="email"
          autoComplete="off"
          defaultValue={developer?.email ?? ''}
        />
      </Field>
    </>
  )
}

const readPerson = ({ text }: FormValues) => ({
  role: text('role') as Role,
  gitName: text('gitName'),
  gitEmail: text('gitEmail'),
  email: text('email') || null,
})
