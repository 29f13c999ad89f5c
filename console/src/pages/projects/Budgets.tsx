import { LimitFields } from '../../components/forms/LimitFields'
import { strings } from '../../i18n'
import { readLimits } from '../../lib/form/limits'
import { SettingsForm, type SettingsPart } from './SettingsForm'

/** Monthly limits for all of the project's tasks, and limits for each task. */
export function Budgets(part: SettingsPart) {
  const { project } = part
  return (
    <SettingsForm
      {...part}
      title={strings.projects.budgets}
      about={strings.projects.budgetsWhat}
      changes={({ text }) => ({
        budget: readLimits(text, 'budget'),
        taskBudget: readLimits(text, 'taskBudget'),
      })}
    >
      {(form) => (
        <>
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
        </>
      )}
    </SettingsForm>
  )
}
