import { limitsIn } from '../../lib/limits'
import { LimitFields } from '../../ui/LimitFields'
import { words } from '../../words'
import { type Part, SettingsForm } from './SettingsForm'

/** What all tasks may use in a month, and what each may. */
export function Budgets(part: Part) {
  const { project } = part
  return (
    <SettingsForm
      {...part}
      title={words.projects.budgets}
      about={words.projects.budgetsWhat}
      changes={({ text }) => ({
        budget: limitsIn(text, 'budget'),
        taskBudget: limitsIn(text, 'taskBudget'),
      })}
    >
      {(form) => (
        <>
          <LimitFields
            name="budget"
            title={words.projects.monthly}
            budget={project.budget}
            form={form}
          />
          <LimitFields
            name="taskBudget"
            title={words.projects.each}
            budget={project.taskBudget}
            form={form}
          />
        </>
      )}
    </SettingsForm>
  )
}
