import { X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import styles from './projects.module.css'
import { SettingsForm, type SettingsPart } from './SettingsForm'

/** Templates for the descriptions of new tasks. */
export function Templates(part: SettingsPart) {
  const say = strings.projects
  const [templates, setTemplates] = useState(part.project.templates)
  const put = (place: number, change: Partial<(typeof templates)[number]>) =>
    setTemplates(templates.map((one, at) => (at === place ? { ...one, ...change } : one)))
  return (
    <SettingsForm
      {...part}
      title={say.templates}
      about={say.templatesWhat}
      changes={() => ({ templates })}
    >
      {(form) => (
        <>
          {templates.map((template, place) => (
            <div key={place} className={`panel ${styles.stage}`}>
              <div className={styles.bar}>
                <Field label={say.templateName} error={form.errorOf(`templates.${place}.name`)}>
                  <input
                    className="input"
                    required
                    value={template.name}
                    onChange={(event) => put(place, { name: event.target.value })}
                  />
                </Field>
                <Button
                  variant="quiet"
                  size="square"
                  aria-label={say.removeTemplate(template.name)}
                  onClick={() => setTemplates(templates.filter((_, at) => at !== place))}
                >
                  <X className="i" aria-hidden="true" />
                </Button>
              </div>
              <Field label={say.templateText} error={form.errorOf(`templates.${place}.text`)}>
                <textarea
                  className="input"
                  required
                  rows={4}
                  value={template.text}
                  onChange={(event) => put(place, { text: event.target.value })}
                />
              </Field>
            </div>
          ))}
          <div>
            <Button onClick={() => setTemplates([...templates, { name: '', text: '' }])}>
              {say.addTemplate}
            </Button>
          </div>
        </>
      )}
    </SettingsForm>
  )
}
