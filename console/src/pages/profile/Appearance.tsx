import { useState } from 'react'
import { Checkbox } from '../../components/forms/Checkbox'
import { Field } from '../../components/forms/Field'
import { areShortcutsEnabled, setShortcutsEnabled } from '../../components/hooks/shortcuts'
import { Section } from '../../components/page/Section'
import { type Language, language, languages, setLanguage, strings } from '../../i18n'
import { currentTheme, setTheme, type Theme } from '../../state/theme'
import styles from './profile.module.css'

/** Preferences stored in this browser: language, theme, and single-key shortcuts. */
export function Appearance() {
  const [theme, show] = useState(currentTheme)
  const [hasKeys, setKeys] = useState(areShortcutsEnabled)
  return (
    <Section
      id="appearance"
      title={strings.profile.appearance}
      about={strings.profile.appearanceAbout}
    >
      <div className={styles.form}>
        <Field label={strings.common.language}>
          <select
            className="input"
            value={language}
            onChange={(event) => setLanguage(event.target.value as Language)}
          >
            {Object.entries(languages).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={strings.common.theme}>
          <select
            className="input"
            value={theme}
            onChange={(event) => {
              setTheme(event.target.value as Theme)
              show(currentTheme())
            }}
          >
            {Object.entries(strings.common.themes).map(([one, name]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Checkbox
          label={strings.profile.singleKeys}
          hint={strings.profile.singleKeysHint}
          checked={hasKeys}
          onChange={(event) => {
            setShortcutsEnabled(event.target.checked)
            setKeys(event.target.checked)
          }}
        />
      </div>
    </Section>
  )
}
