import { X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import styles from './projects.module.css'
import { type SettingsPart, SettingsSection } from './SettingsSection'

/** Templates for the descriptions of new tasks. */
export function Templates({ project, form }: SettingsPart) {
  const texts = strings.projects
  const [templates, setTemplates] = useState(project.templates)
  const put = (place: number, change: Partial<(typeof templates)[number]>) =>
    setTemplates(templates.map((one, at) => (at === place ? { ...one, ...change } : one)))
  return (
    <SettingsSection title={texts.templates} about={texts.templatesWhat}>
      <input type="hidden" name="templates" value={JSON.stringify(templates)} />
      {templates.map((template, place) => (
        <div key={place} className={`panel ${styles.stage}`}>
          <div className={styles.bar}>
            <Field label={texts.templateName} error={form.errorOf(`templates.${place}.name`)}>
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
              aria-label={texts.removeTemplate(template.name)}
              onClick={() => setTemplates(templates.filter((_, at) => at !== place))}
            >
              <X className="i" aria-hidden="true" />
            </Button>
          </div>
          <Field label={texts.templateText} error={form.errorOf(`templates.${place}.text`)}>
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
          {texts.addTemplate}
        </Button>
      </div>
    </SettingsSection>
  )
}
