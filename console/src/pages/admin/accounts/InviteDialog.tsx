import type { Schemas } from '../../../api/client'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Checkbox } from '../../../components/forms/Checkbox'
import { Field } from '../../../components/forms/Field'
import type { FormValues } from '../../../components/forms/useForm'
import { RoleGuide } from '../../../components/roles/RoleGuide'
import { strings } from '../../../i18n'
import { createInvitation } from '../../../queries/invitations'
import { ProjectRoleFields, readProjects } from './ProjectRoleFields'

type Role = Schemas['Developer']['role']

/** Invites a person, who chooses their own name and password. */
export function InviteDialog(props: { onMade: (link: string) => void; onClose: () => void }) {
  const texts = strings.invitation
  return (
    <FormDialog
      title={texts.invite}
      submit={texts.create}
      act={(given) => createInvitation(readInvitation(given))}
      done={props.onMade}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <p className="soft">{texts.about}</p>
          <fieldset>
            <legend className="label">{strings.roles.systemRole}</legend>
            {(Object.keys(strings.roles.system) as Role[]).map((role) => (
              <Checkbox
                key={role}
                type="radio"
                name="role"
                value={role}
                defaultChecked={role === 'developer'}
                label={strings.profile.roles[role]}
                hint={strings.roles.system[role]}
              />
            ))}
          </fieldset>
          <RoleGuide />
          <ProjectRoleFields error={form.errorIn('projects')} />
          <Field label={strings.admin.email} hint={texts.emailHint} error={form.errorOf('email')}>
            <input className="input" name="email" autoComplete="off" />
          </Field>
          <Field label={texts.note} hint={texts.noteHint} error={form.errorOf('note')}>
            <input className="input" name="note" maxLength={200} autoComplete="off" />
          </Field>
        </>
      )}
    </FormDialog>
  )
}

const readInvitation = (given: FormValues): Schemas['NewInvitation'] => ({
  role: given.text('role') as Role,
  email: given.text('email') || null,
  note: given.text('note'),
  projects: readProjects(given),
})
