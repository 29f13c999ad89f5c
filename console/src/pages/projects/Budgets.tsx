import { LimitFields } from '../../components/forms/LimitFields'
import { strings } from '../../i18n'
import { type SettingsPart, SettingsSection } from './SettingsSection'

/** Monthly limits for all of the project's tasks, and limits for each task. */
export function Budgets({ project, form }: SettingsPart) {
  return (
    <SettingsSection title={strings.projects.budgets} about={strings.projects.budgetsWhat}>
      <LimitFields
        name="budget"
        title={strings.projects.monthly}
        budget={project.budget}
        form={form}
      />
      <LimitFields
        name="taskBudget"
        title={strings.projects.each}
        budget={project.taskBudget}
        form={form}
      />
    </SettingsSection>
  )
}
