import type { Schemas } from '../../api/client'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { splitLines } from '../../lib/form/lines'
import styles from './projects.module.css'

type Options = Schemas['AgentOptions']

/** Fields for an agent's options. Empty ones are inherited. */
export function AgentOptionFields(props: {
  options: Options
  inherits: string
  error?: string | undefined
  onChange: (options: Options) => void
}) {
  const { options, inherits, error, onChange } = props
  const texts = strings.projects
  const set = <K extends keyof Options>(field: K, value: Options[K]) => {
    const { [field]: _, ...rest } = options
    const isEmpty = value === null || value === undefined || value === ''
    onChange(isEmpty ? rest : { ...rest, [field]: value })
  }
  const list = (field: 'allowedTools' | 'arguments') => (
    <ListField label={texts[field]} value={options[field]} onChange={(all) => set(field, all)} />
  )
  return (
    <>
      <div className={styles.three}>
        <Field label={texts.model} error={error}>
          <input
            className="input mono"
            maxLength={200}
            placeholder={inherits}
            value={options.model ?? ''}
            onChange={(event) => set('model', event.target.value)}
          />
        </Field>
        <Choice
          label={texts.permissions}
          value={options.permissions}
          inherits={inherits}
          names={texts.permissionsOf}
          onChange={(one) => set('permissions', one)}
        />
        <Choice
          label={texts.interface}
          value={options.interface}
          inherits={inherits}
          names={texts.interfaces}
          onChange={(one) => set('interface', one)}
        />
      </div>
      <div className={styles.three}>
        <ApprovalsChoice
          value={options.approvals}
          inherits={inherits}
          onChange={(one) => set('approvals', one)}
        />
      </div>
      <div className={styles.two}>
        {list('allowedTools')}
        {list('arguments')}
      </div>
    </>
  )
}

/** Words, one per line. */
function ListField(props: {
  label: string
  value: string[] | null | undefined
  onChange: (value: string[] | undefined) => void
}) {
  return (
    <Field label={props.label}>
      <textarea
        className="input mono"
        value={(props.value ?? []).join('\n')}
        onChange={({ target }) =>
          props.onChange(
            target.value === '' ? undefined : splitLines(target.value, { keepEmpty: true }),
          )
        }
      />
    </Field>
  )
}

function ApprovalsChoice(props: {
  value: Options['approvals']
  inherits: string
  onChange: (value: Options['approvals']) => void
}) {
  const texts = strings.projects
  return (
    <Choice
      label={texts.approvals}
      value={props.value}
      inherits={props.inherits}
      names={texts.approvalsOf}
      onChange={props.onChange}
    />
  )
}

/** A choice of names, or null to inherit the value. */
function Choice<T extends string>(props: {
  label: string
  value: T | null | undefined
  inherits: string
  names: Record<T, string>
  onChange: (value: T | null) => void
}) {
  return (
    <Field label={props.label}>
      <select
        className="input"
        value={props.value ?? ''}
        onChange={({ target }) => props.onChange((target.value || null) as T | null)}
      >
        <option value="">{props.inherits}</option>
        {Object.entries<string>(props.names).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  )
}
