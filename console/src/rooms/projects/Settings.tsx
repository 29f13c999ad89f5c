import { Field } from '../../ui/Field'
import { words } from '../../words'
import { AgentSettings } from './AgentSettings'
import { Budgets } from './Budgets'
import { Rules } from './Rules'
import { type Part, SettingsForm } from './SettingsForm'
import { Templates } from './Templates'
import { Where } from './Where'

export function Settings({ project, mayChange }: Part) {
  const part = { project, mayChange }
  return (
    <>
      <General {...part} />
      <Repository {...part} />
      <AgentSettings {...part} />
      <Where {...part} />
      <Rules {...part} />
      <Budgets {...part} />
      <Templates {...part} />
    </>
  )
}

function General(part: Part) {
  const say = words.projects
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

function Repository(part: Part) {
  const { project } = part
  const say = words.projects
  return (
    <SettingsForm
      {...part}
      title={say.repository}
      about={say.repositoryWhat}
      changes={({ text }) => ({
        // What is as it was is not sent: another's address is an admin's matter.
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
