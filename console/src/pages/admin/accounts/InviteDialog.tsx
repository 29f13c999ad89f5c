import type { Schemas } from '../../../api/client'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Field } from '../../../components/forms/Field'
import type { FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { createInvitation } from '../../../queries/invitations'

type Role = Schemas['Developer']['role']

/** Invites a person, who chooses their own name and password. */
export function InviteDialog(props: { onMade: (link: string) => void; onClose: () => void }) {
  const say = strings.invitation
  return (
    <FormDialog
      title={say.invite}
      submit={say.create}
      act={(given) => createInvitation(readInvitation(given))}
      done={props.onMade}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <p className="soft">{say.about}</p>
          <fieldset className="stack">
            <legend>{strings.admin.role}</legend>
            {(Object.keys(strings.roles.system) as Role[]).map((role) => (
              <label key={role}>
                <input type="radio" name="role" value={role} defaultChecked={role === 'developer'} />{' '}
                {strings.profile.roles[role]}{' '}
                <span className="soft">{strings.roles.system[role]}</span>
              </label>
            ))}
          </fieldset>
          <Field label={say.projectKeys} hint={say.projectKeysHint} error={form.errorOf('projects')}>
            <input className="input mono" name="projects" autoComplete="off" />
          </Field>
          <Field label={strings.admin.email} hint={say.emailHint} error={form.errorOf('email')}>
            <input className="input" name="email" autoComplete="off" />
          </Field>
          <Field label={say.note} hint={say.noteHint} error={form.errorOf('note')}>
            <input className="input" name="note" maxLength={200} autoComplete="off" />
          </Field>
        </>
      )}
    </FormDialog>
  )
}

function readInvitation({ text }: FormValues): Schemas['NewInvitation'] {
  const keys = text('projects').split(/[\s,]+/)
  return {
    role: text('role') as Role,
    email: text('email') || null,
    note: text('note'),
    projects: keys.filter(Boolean).map((key) => ({ key, role: 'member' })),
  }
}
