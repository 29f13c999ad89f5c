import type { Schemas } from '../../api/client'
import { Field } from '../../ui/Field'
import type { Form, Given } from '../../ui/useForm'
import { words } from '../../words'
import styles from './projects.module.css'
import { type Part, SettingsForm } from './SettingsForm'

type Budget = Schemas['Budget']
const LIMITS = ['minutes', 'tokens', 'cost'] as const

/** What all tasks may use in a month, and what each may. */
export function Budgets(part: Part) {
  const { project } = part
  return (
    <SettingsForm
      {...part}
      title={words.projects.budgets}
      about={words.projects.budgetsWhat}
      changes={(given) => ({
        budget: budgetIn(given, 'budget'),
        taskBudget: budgetIn(given, 'taskBudget'),
      })}
    >
      {(form) => (
        <>
          <Limits
            name="budget"
            title={words.projects.monthly}
            budget={project.budget}
            form={form}
          />
          <Limits
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

function Limits(props: { name: string; title: string; budget: Budget | null; form: Form }) {
  const { name, title, budget, form } = props
  return (
    <fieldset>
      <legend className="label">{title}</legend>
      <div className={styles.three}>
        {LIMITS.map((limit) => (
          <Field key={limit} label={words.projects[limit]} error={form.errorOf(`${name}.${limit}`)}>
            <input
              className="input"
              type="number"
              name={`${name}.${limit}`}
              min={0}
              step={limit === 'cost' ? 0.01 : 1}
              defaultValue={budget?.[limit] ?? ''}
            />
          </Field>
        ))}
      </div>
    </fieldset>
  )
}

/** Null where no limit is there. */
function budgetIn({ text }: Given, name: string): Budget | null {
  const said = LIMITS.map((limit) => [limit, text(`${name}.${limit}`)] as const)
  if (said.every(([, value]) => value === '')) return null
  return Object.fromEntries(said.map(([limit, value]) => [limit, value ? Number(value) : null]))
}
