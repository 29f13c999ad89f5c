import { useState } from 'react'
import { Check } from '../../ui/Check'
import { Field } from '../../ui/Field'
import { areOn, switchKeys } from '../../ui/keys'
import { Section } from '../../ui/Section'
import { choose, type Theme, theme } from '../../ui/theme'
import { type Language, language, languages, speak, words } from '../../words'
import styles from './profile.module.css'

/** What this browser keeps: language, theme, and whether single keys act. */
export function Looks() {
  const [shown, show] = useState(theme)
  const [hasKeys, setKeys] = useState(areOn)
  return (
    <Section title={words.profile.looks} about={words.profile.looksAbout}>
      <div className={styles.form}>
        <Field label={words.common.language}>
          <select
            className="input"
            value={language}
            onChange={(event) => speak(event.target.value as Language)}
          >
            {Object.entries(languages).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.common.theme}>
          <select
            className="input"
            value={shown}
            onChange={(event) => {
              choose(event.target.value as Theme)
              show(theme())
            }}
          >
            {Object.entries(words.common.themes).map(([one, name]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Check
          label={words.profile.singleKeys}
          hint={words.profile.singleKeysHint}
          checked={hasKeys}
          onChange={(event) => {
            switchKeys(event.target.checked)
            setKeys(event.target.checked)
          }}
        />
      </div>
    </Section>
  )
}
