import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { LIMITS } from '../../lib/form/limits'
import { Field } from './Field'
import styles from './LimitFields.module.css'
import type { Form } from './useForm'

/** The three limits of a budget; `lib/form/limits` reads them. `name`: the API's field. */
export function LimitFields(props: {
  form: Form
  title: string
  hint?: string
  name: string
  budget: Schemas['Budget'] | null
}) {
  const { form, title, hint, name, budget } = props
  return (
    <fieldset>
      <legend className="label">{title}</legend>
      {hint && <p className="hint">{hint}</p>}
      <div className={styles.limits}>
        {LIMITS.map((limit) => (
          <Field
            key={limit}
            label={strings.forms.limits[limit]}
            error={form.errorOf(`${name}.${limit}`)}
          >
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
