import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Field } from '../../../components/forms/Field'
import type { FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { createProject } from '../../../queries/adminProjects'

/** A dialog with a project's essential fields; the rest is set on the project's page. */
export function NewProjectDialog(props: { onMade: (key: string) => void; onClose: () => void }) {
  const submit = ({ text }: FormValues) =>
    createProject({
      key: text('key').toUpperCase(),
      repoUrl: text('repoUrl'),
      ...(text('name') && { name: text('name') }),
      ...(text('defaultBranch') && { defaultBranch: text('defaultBranch') }),
      agentType: text('agentType'),
    })
  return (
    <FormDialog
      title={strings.admin.newProject}
      submit={strings.admin.createProject}
      act={submit}
      done={({ key }) => props.onMade(key)}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <Field label={strings.admin.key} hint={strings.admin.keyHint} error={form.errorOf('key')}>
            <input className="input mono" name="key" autoComplete="off" maxLength={64} required />
          </Field>
          <Field
            label={strings.forms.name}
            hint={strings.forms.optional}
            error={form.errorOf('name')}
          >
            <input className="input" name="name" autoComplete="off" />
          </Field>
          <Field label={strings.admin.repository} error={form.errorOf('repoUrl')}>
            <input className="input mono" name="repoUrl" autoComplete="off" required />
          </Field>
          <Field
            label={strings.admin.branch}
            hint={strings.admin.branchHint}
            error={form.errorOf('defaultBranch')}
          >
            <input className="input mono" name="defaultBranch" autoComplete="off" />
          </Field>
          <Field label={strings.admin.agent} error={form.errorOf('agentType')}>
            <input
              className="input mono"
              name="agentType"
              defaultValue="claude"
              autoComplete="off"
              required
            />
          </Field>
        </>
      )}
    </FormDialog>
  )
}
