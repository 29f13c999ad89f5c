import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { ErrorLine, FormError } from '../../../components/forms/FormError'
import { type Form, useForm } from '../../../components/forms/useForm'
import { useHashFocus } from '../../../components/hooks/useHashFocus'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { locale, strings } from '../../../i18n'
import { formatInteger } from '../../../lib/format/numbers'
import { saveSettings } from '../../../queries/adminSettings'
import { showToast } from '../../../state/toasts'
import styles from '../admin.module.css'
import { changedSettings, type EditedValues } from './settingValues'

type Setting = Schemas['Setting']

/** All settings except prices, in one form. Sends only those that changed. */
export function SettingsForm({ registry }: { registry: Setting[] }) {
  useHashFocus()
  const [typed, type] = useState<EditedValues>({})
  const changed = changedSettings(registry, typed)
  const count = Object.keys(changed).length
  const form = useForm(
    () => saveSettings(changed),
    () => {
      type({})
      showToast(strings.common.saved)
    },
  )
  const shown = registry.filter((setting) => setting.type !== 'prices')
  return (
    <form className={styles.settings} onSubmit={form.onSubmit} noValidate>
      <p className={styles.about}>{strings.settings.about}</p>
      <div className="panel">
        {shown.map((setting) => (
          <SettingRow
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
          <Button variant="main" type="submit" disabled={form.isBusy}>
            {strings.settings.saveChanges(count)}
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

function SettingRow({ setting, text, onType, form }: RowProps) {
  const { key, help, unit, updatedAt, updatedBy } = setting
  const wrong = form.errorOf(key)
  return (
    <div className={styles.setting}>
      <div>
        <label className="mono" htmlFor={key}>
          {key}
        </label>
        <p className="soft" id={`${key}-help`}>
          {strings.settings.help[key] ?? help}
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
              {strings.settings.changedBy(updatedBy.name)} <RelativeTime at={updatedAt} />
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
        <option value="on">{strings.forms.on}</option>
        <option value="off">{strings.forms.off}</option>
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
  const told = strings.settings.byDefault(formatDefault(byDefault))
  if (type === 'string') return told
  return `${told} · ${strings.settings.range(formatInteger(minimum, locale), formatInteger(maximum, locale), unitOf(unit))}`
}

function formatDefault(value: Setting['value']): string {
  if (typeof value === 'number') return formatInteger(value, locale)
  if (value === 'on' || value === 'off') return strings.forms[value]
  return String(value) || strings.settings.empty
}

const unitOf = (unit: string) => strings.settings.units[unit] ?? unit
