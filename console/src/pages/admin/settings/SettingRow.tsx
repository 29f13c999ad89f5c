import { Link } from '@tanstack/react-router'
import { Button } from '../../../components/controls/Button'
import { ErrorLine } from '../../../components/forms/FormError'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { locale } from '../../../i18n'
import { settingStrings } from '../../../i18n/settings'
import { formatInteger } from '../../../lib/format/numbers'
import styles from '../admin.module.css'
import { formatDuration, isDuration } from './durations'
import { SettingInput, unitOf } from './SettingInput'
import { effectOf, nameOf } from './settingList'
import { type Setting, textOf } from './settingValues'

type Props = {
  setting: Setting
  /** The edited text; undefined if it isn't edited. */
  typed: string | undefined
  onType: (text: string) => void
  error: string | undefined
}

/** A setting: its name, key and effect, and beside them its value and default. */
export function SettingRow({ setting, typed, onType, error }: Props) {
  const { key, warning } = setting
  const isPrices = setting.type === 'prices'
  const Name = isPrices ? 'span' : 'label'
  return (
    <div className={styles.setting}>
      <div>
        <Name className={styles.name} id={`${key}-name`} {...(!isPrices && { htmlFor: key })}>
          {nameOf(setting)}
        </Name>{' '}
        <code className={styles.key}>{key}</code>
        <p className="soft" id={`${key}-effect`}>
          {effectOf(setting)}
        </p>
        {warning && <p className={styles.warning}>{settingStrings.warnings[warning]}</p>}
      </div>
      <div className={styles.value}>
        {isPrices ? (
          <PricesLink setting={setting} />
        ) : (
          <>
            <SettingInput
              setting={setting}
              text={typed ?? textOf(setting, setting.value)}
              onType={onType}
              isWrong={error !== undefined}
            />
            <Facts setting={setting} />
            <RestoreButton setting={setting} typed={typed} onType={onType} />
          </>
        )}
        {error && <ErrorLine text={error} />}
      </div>
    </div>
  )
}

function PricesLink({ setting: { value } }: { setting: Setting }) {
  return (
    <Link className="btn" to="." search={{ part: 'prices' } as never}>
      {settingStrings.editPrices(Array.isArray(value) ? value.length : 0)}
    </Link>
  )
}

/** The default, the range, and who changed the setting when. */
function Facts({ setting }: { setting: Setting }) {
  const { type, minimum, maximum, updatedAt, updatedBy } = setting
  const facts = [settingStrings.byDefault(formatValue(setting, setting.default))]
  if (type !== 'string') {
    const from = isDuration(setting)
      ? formatNumber(setting, minimum)
      : formatInteger(minimum, locale)
    facts.push(settingStrings.range(from, formatNumber(setting, maximum)))
  }
  return (
    <span className="hint">
      {facts.join(' · ')}
      {updatedBy && (
        <>
          {' · '}
          {settingStrings.changedBy(updatedBy.name)} <RelativeTime at={updatedAt} />
        </>
      )}
    </span>
  )
}

function RestoreButton({ setting, typed, onType }: Omit<Props, 'error'>) {
  const byDefault = textOf(setting, setting.default)
  if ((typed ?? textOf(setting, setting.value)) === byDefault) return null
  return (
    <Button
      variant="quiet"
      size="tiny"
      aria-label={settingStrings.restoreDefaultOf(nameOf(setting))}
      onClick={() => onType(byDefault)}
    >
      {settingStrings.restoreDefault}
    </Button>
  )
}

function formatValue(setting: Setting, value: Setting['value']): string {
  if (typeof value === 'number') {
    const isUnlimited = setting.key === 'personalTokenDays' && value === 0
    return isUnlimited ? settingStrings.unlimited : formatNumber(setting, value)
  }
  const text = String(value)
  return settingStrings.choices[setting.key]?.[text] ?? (text || settingStrings.empty)
}

function formatNumber(setting: Setting, value: number): string {
  if (isDuration(setting)) return formatDuration(value, setting, locale)
  return [formatInteger(value, locale), unitOf(setting)].join(' ')
}
