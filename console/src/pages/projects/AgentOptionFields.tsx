import type { Schemas } from '../../api/client'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { splitLines } from '../../lib/form/lines'
import styles from './projects.module.css'

type Options = Schemas['AgentOptions']

/** How an agent is to run. What is left empty is inherited. */
export function AgentOptionFields(props: {
  options: Options
  inherits: string
  error?: string | undefined
  onChange: (options: Options) => void
}) {
  const { options, inherits, error, onChange } = props
  const say = strings.projects
  const set = <K extends keyof Options>(field: K, value: Options[K]) => {
    const { [field]: _, ...rest } = options
    const isEmpty = value === null || value === undefined || value === ''
    onChange(isEmpty ? rest : { ...rest, [field]: value })
  }
  const list = (field: 'allowedTools' | 'arguments') => (
    <Field label={say[field]}>
      <textarea
        className="input mono"
        value={(options[field] ?? []).join('\n')}
        onChange={({ target }) =>
          set(field, target.value === '' ? null : splitLines(target.value, { keepEmpty: true }))
        }
      />
    </Field>
  )
  return (
    <>
      <div className={styles.three}>
        <Field label={say.model} error={error}>
          <input
            className="input mono"
            maxLength={200}
            placeholder={inherits}
            value={options.model ?? ''}
            onChange={(event) => set('model', event.target.value)}
          />
        </Field>
        <Field label={say.permissions}>
          <select
            className="input"
            value={options.permissions ?? ''}
            onChange={(event) =>
              set('permissions', (event.target.value || null) as Options['permissions'])
            }
          >
            <option value="">{inherits}</option>
            {(['edit', 'run', 'all'] as const).map((one) => (
              <option key={one} value={one}>
                {say.permissionsOf[one]}
              </option>
            ))}
          </select>
        </Field>
        <Field label={say.interface}>
          <select
            className="input"
            value={options.interface ?? ''}
            onChange={(event) =>
              set('interface', (event.target.value || null) as Options['interface'])
            }
          >
            <option value="">{inherits}</option>
            {(['headless', 'terminal'] as const).map((one) => (
              <option key={one} value={one}>
                {say.interfaces[one]}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <div className={styles.two}>
        {list('allowedTools')}
        {list('arguments')}
      </div>
    </>
  )
}
