import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { whole } from '../../lib/numbers'
import { saveSettings } from '../../queries/adminSettings'
import { Button } from '../../ui/Button'
import { ErrorLine, FormError } from '../../ui/FormError'
import { say } from '../../ui/toasts'
import { type Form, useForm } from '../../ui/useForm'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import styles from './admin.module.css'
import { changedSettings, type Typed } from './settingValues'

type Setting = Schemas['Setting']

/** All settings but prices, in one form: only what has changed is sent. */
export function SettingsForm({ registry }: { registry: Setting[] }) {
  const [typed, type] = useState<Typed>({})
  const changed = changedSettings(registry, typed)
  const count = Object.keys(changed).length
  const form = useForm(
    () => saveSettings(changed),
    () => {
      type({})
      say(words.common.saved)
    },
  )
  const shown = registry.filter((setting) => setting.type !== 'prices')
  return (
    <form className={styles.settings} onSubmit={form.onSubmit} noValidate>
      <p className={styles.about}>{words.settings.about}</p>
      <div className="panel">
        {shown.map((setting) => (
          <Row
            key={setting.key}
            setting={setting}
            text={typed[setting.key] ?? String(setting.value)}
            onType={(text) => type({ ...typed, [setting.key]: text })}
            form={form}
          />
        ))}
      </div>
      {count > 0 && (
        <div className={styles.foot}>
          <Button look="main" type="submit" disabled={form.isBusy}>
            {words.settings.saveChanges(count)}
          </Button>
          <FormError form={form} />
        </div>
      )}
    </form>
  )
}

type RowProps = {
  setting: Setting
  text: string
  onType: (text: string) => void
  form: Form
}

function Row({ setting, text, onType, form }: RowProps) {
  const { key, help, unit, updatedAt, updatedBy } = setting
  const wrong = form.errorOf(key)
  return (
    <div className={styles.setting}>
      <div>
        <label className="mono" htmlFor={key}>
          {key}
        </label>
        <p className="soft" id={`${key}-help`}>
          {words.settings.help[key] ?? help}
        </p>
      </div>
      <div className={styles.value}>
        <div className="row">
          <Value setting={setting} text={text} onType={onType} isWrong={wrong !== undefined} />
          <span className={styles.unit}>{setting.type === 'string' ? '' : unitOf(unit)}</span>
        </div>
        <span className="hint">
          {bounds(setting)}
          {updatedBy && (
            <>
              {' · '}
              {words.settings.changedBy(updatedBy.name)} <When at={updatedAt} />
            </>
          )}
        </span>
        {wrong && <ErrorLine text={wrong} />}
      </div>
    </div>
  )
}

function Value({
  setting: { key, type, minimum, maximum, pattern },
  text,
  onType,
  isWrong,
}: Omit<RowProps, 'form'> & { isWrong: boolean }) {
  const common = {
    className: 'input',
    id: key,
    value: text,
    'aria-describedby': `${key}-help`,
    'aria-invalid': isWrong || undefined,
  }
  if (pattern === 'on|off') {
    return (
      <select {...common} onChange={(event) => onType(event.target.value)}>
        <option value="on">{words.forms.on}</option>
        <option value="off">{words.forms.off}</option>
      </select>
    )
  }
  const isNumber = type !== 'string'
  return (
    <input
      {...common}
      type={isNumber ? 'number' : 'text'}
      {...(isNumber && { min: minimum, max: maximum, step: type === 'integer' ? 1 : 'any' })}
      autoComplete="off"
      onChange={(event) => onType(event.target.value)}
    />
  )
}

function bounds({ type, minimum, maximum, unit, default: byDefault }: Setting): string {
  const told = words.settings.byDefault(written(byDefault))
  if (type === 'string') return told
  return `${told} · ${words.settings.range(whole(minimum, locale), whole(maximum, locale), unitOf(unit))}`
}

function written(value: Setting['value']): string {
  if (typeof value === 'number') return whole(value, locale)
  if (value === 'on' || value === 'off') return words.forms[value]
  return String(value) || words.settings.empty
}

const unitOf = (unit: string) => words.settings.units[unit] ?? unit
