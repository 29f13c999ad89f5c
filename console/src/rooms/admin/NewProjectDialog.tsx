import { createProject } from '../../queries/adminProjects'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import type { Given } from '../../ui/useForm'
import { words } from '../../words'

/** What a project cannot do without; the rest is set where it is kept. */
export function NewProjectDialog(props: { onMade: (key: string) => void; onClose: () => void }) {
  const act = ({ text }: Given) =>
    createProject({
      key: text('key').toUpperCase(),
      repoUrl: text('repoUrl'),
      ...(text('name') && { name: text('name') }),
      ...(text('defaultBranch') && { defaultBranch: text('defaultBranch') }),
      agentType: text('agentType'),
    })
  return (
    <FormDialog
      title={words.admin.newProject}
      submit={words.admin.createProject}
      act={act}
      done={({ key }) => props.onMade(key)}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <Field label={words.admin.key} hint={words.admin.keyHint} error={form.errorOf('key')}>
            <input className="input mono" name="key" autoComplete="off" maxLength={64} required />
          </Field>
          <Field label={words.forms.name} hint={words.forms.optional} error={form.errorOf('name')}>
            <input className="input" name="name" autoComplete="off" />
          </Field>
          <Field label={words.admin.repository} error={form.errorOf('repoUrl')}>
            <input className="input mono" name="repoUrl" autoComplete="off" required />
          </Field>
          <Field
            label={words.admin.branch}
            hint={words.admin.branchHint}
            error={form.errorOf('defaultBranch')}
          >
            <input className="input mono" name="defaultBranch" autoComplete="off" />
          </Field>
          <Field label={words.admin.agent} error={form.errorOf('agentType')}>
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
