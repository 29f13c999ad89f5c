import { settingStrings } from '../../../i18n/settings'
import { useDevelopers } from '../../../queries/adminDevelopers'
import styles from '../admin.module.css'
import { durationParts, fieldsOf, isDuration, setField } from './durations'
import type { Setting } from './settingValues'

type Props = {
  setting: Setting
  text: string
  onType: (text: string) => void
  isWrong: boolean
}

/** The field of a setting: a choice, a duration, a number or a text. */
export function SettingInput(props: Props) {
  const { setting, text, onType } = props
  if (setting.choices) return <ChoiceInput {...props} choices={setting.choices} />
  if (isDuration(setting)) return <DurationInput {...props} />
  const isNumber = setting.type !== 'string'
  const { minimum, maximum } = setting
  return (
    <div className="row">
      <input
        {...commonProps(props)}
        type={isNumber ? 'number' : 'text'}
        {...(isNumber && {
          min: minimum,
          max: maximum,
          step: setting.type === 'integer' ? 1 : 'any',
        })}
        value={text}
        autoComplete="off"
        list={setting.key === 'breakGlassAdmin' ? ADMINS : undefined}
        onChange={({ target }) => onType(target.value)}
      />
      {setting.key === 'breakGlassAdmin' && <AdminNames />}
      {isNumber && <span className="dim">{unitOf(setting)}</span>}
    </div>
  )
}

const ADMINS = 'admin-names'

/** Suggests the admins. */
function AdminNames() {
  const admins = useDevelopers().data?.filter(({ role, disabled }) => role === 'admin' && !disabled)
  return (
    <datalist id={ADMINS}>
      {admins?.map(({ id, name }) => (
        <option key={id} value={name} />
      ))}
    </datalist>
  )
}

function ChoiceInput(props: Props & { choices: string[] }) {
  const { setting, choices, text, onType } = props
  const names = settingStrings.choices[setting.key] ?? {}
  return (
    <select {...commonProps(props)} value={text} onChange={({ target }) => onType(target.value)}>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {names[choice] ?? choice}
        </option>
      ))}
    </select>
  )
}

/** A field each for days, hours and minutes. */
function DurationInput(props: Props) {
  const { setting, text, onType } = props
  const fields = fieldsOf(text)
  const { id, ...common } = commonProps(props)
  return (
    <fieldset className={styles.duration} aria-labelledby={`${setting.key}-name`}>
      {durationParts(setting).map((part, place) => (
        <label key={part} className="row">
          <input
            {...common}
            id={place === 0 ? id : undefined}
            type="number"
            min={0}
            step="any"
            value={fields[place] ?? ''}
            autoComplete="off"
            onChange={({ target }) => onType(setField(text, place, target.value))}
          />
          <span className="dim">{settingStrings.parts[part]}</span>
        </label>
      ))}
    </fieldset>
  )
}

const commonProps = ({ setting: { key }, isWrong }: Props) => ({
  className: 'input',
  id: key,
  'aria-describedby': `${key}-effect`,
  'aria-invalid': isWrong || undefined,
})

export const unitOf = ({ unit }: Setting) => settingStrings.units[unit] ?? unit
