import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { FormError } from '../../../components/forms/FormError'
import { useForm } from '../../../components/forms/useForm'
import { useHashFocus } from '../../../components/hooks/useHashFocus'
import { useUrlSearch } from '../../../components/hooks/useUrlSearch'
import { strings } from '../../../i18n'
import { settingStrings } from '../../../i18n/settings'
import { saveSettings } from '../../../queries/adminSettings'
import { showToast } from '../../../state/toasts'
import styles from '../admin.module.css'
import { SettingRow } from './SettingRow'
import { listSections } from './settingList'
import { changedSettings, type EditedValues } from './settingValues'

/** All settings in groups, first those that need attention. Sends only those that changed. */
export function SettingsForm({ registry }: { registry: Schemas['Setting'][] }) {
  useHashFocus()
  const [{ q = '' }, changeUrl] = useUrlSearch<{ q?: string }>()
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
  const sections = listSections(registry, q)
  return (
    <form className={styles.settings} onSubmit={form.onSubmit} noValidate>
      <p className={styles.about}>{settingStrings.about}</p>
      <input
        type="search"
        className="input"
        aria-label={settingStrings.search}
        placeholder={settingStrings.search}
        value={q}
        autoComplete="off"
        onChange={({ target }) => changeUrl({ q: target.value || undefined })}
      />
      {sections.length === 0 && <p className="dim">{settingStrings.noneFound(q)}</p>}
      {sections.map(({ title, isWarning, settings }) => (
        <section key={title} className={styles.group} aria-label={title}>
          <h2>{title}</h2>
          <div className="panel" data-is={isWarning ? 'waits' : undefined}>
            {settings.map((setting) => (
              <SettingRow
                key={setting.key}
                setting={setting}
                typed={typed[setting.key]}
                onType={(text) => type({ ...typed, [setting.key]: text })}
                error={form.errorOf(setting.key)}
              />
            ))}
          </div>
        </section>
      ))}
      {count > 0 && (
        <div className={styles.foot}>
          <Button variant="main" type="submit" disabled={form.isBusy}>
            {settingStrings.saveChanges(count)}
          </Button>
          <FormError form={form} />
        </div>
      )}
    </form>
  )
}
