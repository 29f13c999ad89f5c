import { LimitFields } from '../../components/forms/LimitFields'
import { strings } from '../../i18n'
import { readLimits } from '../../lib/form/limits'
import { SettingsForm, type SettingsPart } from './SettingsForm'

/** What all tasks may use in a month, and what each may. */
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
