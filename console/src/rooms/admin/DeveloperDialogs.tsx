import type { Schemas } from '../../api/client'
import { limitsIn } from '../../lib/limits'
import { changeDeveloper, createDeveloper } from '../../queries/adminDevelopers'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { LimitFields } from '../../ui/LimitFields'
import { NewPassword } from '../../ui/NewPassword'
import type { Form, Given } from '../../ui/useForm'
import { words } from '../../words'

type Developer = Schemas['Developer']
type Role = Developer['role']

export function NewDeveloperDialog({ onClose }: { onClose: () => void }) {
  const act = (given: Given) =>
    createDeveloper({
      name: given.text('name'),
      password: given.exact('password'),
      ...person(given),
    })
  return (
    <FormDialog
      title={words.admin.newDeveloper}
      submit={words.forms.create}
      act={act}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field
            label={words.admin.username}
            hint={words.admin.usernameHint}
            error={form.errorOf('name')}
          >
            <input className="input" name="name" autoComplete="off" maxLength={100} required />
          </Field>
          <NewPassword
            form={form}
            name="password"
            label={words.admin.password}
            hint={words.admin.passwordHint}
            required
          />
          <PersonFields form={form} />
        </>
      )}
    </FormDialog>
  )
}

export function ChangeDeveloperDialog(props: { developer: Developer; onClose: () => void }) {
  const { developer, onClose } = props
  const act = (given: Given) =>
    changeDeveloper(developer.id, {
      ...person(given),
      ...(given.exact('password') && { password: given.exact('password') }),
      platformUid: given.text('platformUid') || null,
      budget: limitsIn(given.text, 'budget'),
    })
  return (
    <FormDialog
      title={words.admin.changeDeveloper(developer.name)}
      submit={words.common.save}
      act={act}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <PersonFields form={form} developer={developer} />
          <Field
            label={words.admin.chatAccount}
            hint={words.admin.chatAccountHint}
            error={form.errorOf('platformUid')}
          >
            <input
              className="input mono"
              name="platformUid"
              defaultValue={developer.platformUid ?? ''}
              autoComplete="off"
            />
          </Field>
          <NewPassword
            form={form}
            name="password"
            label={words.admin.newPassword}
            hint={words.admin.newPasswordHint}
          />
          <LimitFields
            form={form}
            name="budget"
            title={words.admin.budget}
            hint={words.admin.noLimit}
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
      <Field label={words.admin.role} error={form.errorOf('role')}>
        <select className="input" name="role" defaultValue={developer?.role ?? 'developer'}>
          {(Object.keys(words.profile.roles) as Role[]).map((role) => (
            <option key={role} value={role}>
              {words.profile.roles[role]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={words.admin.gitName} error={form.errorOf('gitName')}>
        <input
          className="input"
          name="gitName"
          autoComplete="off"
          defaultValue={developer?.gitName}
          required
        />
      </Field>
      <Field label={words.admin.gitEmail} error={form.errorOf('gitEmail')}>
        <input
          className="input"
          name="gitEmail"
          autoComplete="off"
          defaultValue={developer?.gitEmail}
          required
        />
      </Field>
      <Field label={words.admin.email} hint={words.admin.emailHint} error={form.errorOf('email')}>
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

const person = ({ text }: Given) => ({
  role: text('role') as Role,
  gitName: text('gitName'),
  gitEmail: text('gitEmail'),
  email: text('email') || null,
})
