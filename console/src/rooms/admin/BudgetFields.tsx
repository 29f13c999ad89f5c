import type { Schemas } from '../../api/client'
import { Field } from '../../ui/Field'
import { words } from '../../words'
import styles from './admin.module.css'

/** The three limits of a budget. */
export function BudgetFields({ budget }: { budget: Schemas['Budget'] | null }) {
  return (
    <fieldset>
      <legend className="label">{words.admin.budget}</legend>
      <p className="hint">{words.admin.noLimit}</p>
      <div className={styles.three}>
        {(['minutes', 'tokens', 'cost'] as const).map((what) => (
          <Field key={what} label={words.admin[what]}>
            <input
              className="input"
              type="number"
              name={what}
              min={0}
              step={what === 'cost' ? 0.01 : 1}
              defaultValue={budget?.[what] ?? ''}
            />
          </Field>
        ))}
      </div>
    </fieldset>
  )
}
