import { useReducer } from 'react'
import { warningText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { FormError } from '../../components/forms/FormError'
import { useForm } from '../../components/forms/useForm'
import { useHashFocus } from '../../components/hooks/useHashFocus'
import { strings } from '../../i18n'
import { type Project, saveProject } from '../../queries/projects'
import { showToast } from '../../state/toasts'
import { AgentSettings } from './AgentSettings'
import { Budgets } from './Budgets'
import { ExecutionSettings } from './ExecutionSettings'
import { FailureRules } from './FailureRules'
import { ProjectLifecycle } from './ProjectLifecycle'
import styles from './projects.module.css'
import { RepositorySettings } from './RepositorySettings'
import { type SettingsPart, SettingsSection } from './SettingsSection'
import { readChanges } from './settingsChanges'
import { Templates } from './Templates'

/** All settings of a project: one form, saved at once. */
export function Settings({ project, canChange }: { project: Project; canChange: boolean }) {
  useHashFocus()
  const [version, reset] = useReducer((count: number) => count + 1, 0)
  const form = useForm(
    (given) => saveProject(project.key, readChanges(given, project)),
    ([warning]) => {
      reset() // typed credentials must not stay in their fields
      showToast(warning ? strings.projects.savedBut(warningText(warning)) : strings.projects.saved)
    },
  )
  const part = { project, form }
  return (
    <>
      <form key={version} onSubmit={form.onSubmit}>
        <fieldset className={styles.settings} disabled={!canChange}>
          <General {...part} />
          <RepositorySettings {...part} canChange={canChange} />
          <AgentSettings {...part} />
          <ExecutionSettings {...part} />
          <FailureRules {...part} />
          <Budgets {...part} />
          <Templates {...part} />
          {canChange && (
            <div className={styles.save}>
              <Button variant="main" type="submit" disabled={form.isBusy}>
                {strings.projects.save}
              </Button>
              <FormError form={form} />
            </div>
          )}
        </fieldset>
      </form>
      {canChange && <ProjectLifecycle project={project} />}
    </>
  )
}

function General({ project, form }: SettingsPart) {
  const texts = strings.projects
  return (
    <SettingsSection title={texts.general} about={texts.generalWhat(project.key)}>
      <Field label={texts.name} error={form.errorOf('name')}>
        <input className="input" name="name" required defaultValue={project.name} />
      </Field>
    </SettingsSection>
  )
}
