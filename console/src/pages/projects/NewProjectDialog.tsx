import { useState } from 'react'
import { warningText } from '../../api/problemText'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Field } from '../../components/forms/Field'
import type { Form, FormValues } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import { createProject } from '../../queries/adminProjects'
import { showToast } from '../../state/toasts'
import { AgentTypeInput } from './AgentTypeInput'
import { ProjectCheck } from './ProjectCheck'
import { SshFields, TokenField } from './RepositorySettings'
import { readCredentials, usesSsh } from './settingsChanges'

/** A dialog with a project's essential fields; the rest is set on the project's page. */
export default function NewProjectDialog(props: {
  onMade: (key: string) => void
  onClose: () => void
}) {
  const submit = (given: FormValues) =>
    createProject({
      key: given.text('key').toUpperCase(),
      repoUrl: given.text('repoUrl'),
      ...(given.text('name') && { name: given.text('name') }),
      ...(given.text('defaultBranch') && { defaultBranch: given.text('defaultBranch') }),
      ...readCredentials(given),
      ...(given.text('deployKeyId') && { deployKeyId: given.text('deployKeyId') }),
      ...(given.text('knownHosts') && { knownHosts: given.exact('knownHosts') }),
      agentType: given.text('agentType'),
    })
  return (
    <FormDialog
      title={strings.admin.newProject}
      submit={strings.admin.createProject}
      act={submit}
      done={({ key, warnings: [warning] }) => {
        if (warning) showToast(strings.projects.savedBut(warningText(warning)))
        props.onMade(key)
      }}
      onClose={props.onClose}
    >
      {(form) => <NewProjectFields form={form} />}
    </FormDialog>
  )
}

function NewProjectFields({ form }: { form: Form }) {
  const texts = strings.admin
  const [url, setUrl] = useState('')
  return (
    <>
      <Field label={texts.key} hint={texts.keyHint} error={form.errorOf('key')}>
        <input className="input mono" name="key" autoComplete="off" maxLength={64} required />
      </Field>
      <Field label={strings.forms.name} hint={strings.forms.optional} error={form.errorOf('name')}>
        <input className="input" name="name" autoComplete="off" />
      </Field>
      <Field label={texts.repository} error={form.errorOf('repoUrl')}>
        <input
          className="input mono"
          name="repoUrl"
          autoComplete="off"
          required
          onChange={({ target }) => setUrl(target.value.trim())}
        />
      </Field>
      <Field label={texts.branch} hint={texts.branchHint} error={form.errorOf('defaultBranch')}>
        <input className="input mono" name="defaultBranch" autoComplete="off" />
      </Field>
      {usesSsh(url) ? <SshFields form={form} projectKey={null} /> : <TokenField form={form} />}
      <Field label={texts.agent} error={form.errorOf('agentType')}>
        <AgentTypeInput defaultValue="claude" />
      </Field>
      <ProjectCheck projectKey={null} />
    </>
  )
}
