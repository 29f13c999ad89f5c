import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { AgentSettings } from './AgentSettings'
import { Budgets } from './Budgets'
import { ExecutionSettings } from './ExecutionSettings'
import { FailureRules } from './FailureRules'
import { SettingsForm, type SettingsPart } from './SettingsForm'
import { Templates } from './Templates'

export function Settings({ project, canChange }: SettingsPart) {
  const part = { project, canChange }
  return (
    <>
      <General {...part} />
      <Repository {...part} />
      <AgentSettings {...part} />
      <ExecutionSettings {...part} />
      <FailureRules {...part} />
      <Budgets {...part} />
      <Templates {...part} />
    </>
  )
}

function General(part: SettingsPart) {
  const say = strings.projects
  return (
    <SettingsForm
      {...part}
      title={say.general}
      about={say.generalWhat(part.project.key)}
      changes={({ text }) => ({ name: text('name') })}
    >
      {(form) => (
        <Field label={say.name} error={form.errorOf('name')}>
          <input className="input" name="name" required defaultValue={part.project.name} />
        </Field>
      )}
    </SettingsForm>
  )
}

function Repository(part: SettingsPart) {
  const { project } = part
  const say = strings.projects
  return (
    <SettingsForm
      {...part}
      title={say.repository}
      about={say.repositoryWhat}
      changes={({ text }) => ({
        // Omit an unchanged URL: setting some URLs requires an admin.
        ...(text('repoUrl') !== project.repoUrl && { repoUrl: text('repoUrl') }),
        defaultBranch: text('defaultBranch'),
        branchName: text('branchName'),
      })}
    >
      {(form) => (
        <>
          <Field label={say.repoUrl} hint={say.repoUrlHint} error={form.errorOf('repoUrl')}>
            <input className="input mono" name="repoUrl" required defaultValue={project.repoUrl} />
          </Field>
          <Field label={say.defaultBranch} error={form.errorOf('defaultBranch')}>
            <input
              className="input mono"
              name="defaultBranch"
              required
              defaultValue={project.defaultBranch}
            />
          </Field>
          <Field
            label={say.branchName}
            hint={say.branchNameHint}
            error={form.errorOf('branchName')}
          >
            <input
              className="input mono"
              name="branchName"
              required
              defaultValue={project.branchName}
            />
          </Field>
        </>
      )}
    </SettingsForm>
  )
}
