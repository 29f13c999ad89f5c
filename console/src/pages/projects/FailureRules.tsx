import { Checkbox } from '../../components/forms/Checkbox'
import { Field } from '../../components/forms/Field'
import type { Form } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import type { Project } from '../../queries/projects'
import { type SettingsPart, SettingsSection } from './SettingsSection'

/** The rules for when Muster gives up on a task. */
export function FailureRules({ project, form }: SettingsPart) {
  const texts = strings.projects
  return (
    <SettingsSection title={texts.rules} about={texts.rulesWhat}>
      <Field label={texts.maxAttempts} error={form.errorOf('maxAttempts')}>
        <input
          className="input"
          type="number"
          name="maxAttempts"
          min={1}
          max={20}
          required
          defaultValue={project.maxAttempts}
        />
      </Field>
      <Checkbox
        name="requireChange"
        label={texts.requireChange}
        hint={texts.requireChangeHint}
        defaultChecked={project.requireChange}
      />
      <QuotaRules project={project} form={form} />
    </SettingsSection>
  )
}

/** The rules for when an agent's account is out of quota. */
function QuotaRules({ project, form }: { project: Project; form: Form }) {
  const texts = strings.projects
  return (
    <>
      <Field label={texts.onQuota} error={form.errorOf('onQuota')}>
        <select className="input" name="onQuota" defaultValue={project.onQuota}>
          {(['wait', 'fail'] as const).map((one) => (
            <option key={one} value={one}>
              {texts.onQuotaOf[one]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={texts.quotaMinutes} error={form.errorOf('quotaMinutes')}>
        <input
          className="input"
          type="number"
          name="quotaMinutes"
          min={1}
          max={43_200}
          required
          defaultValue={project.quotaMinutes}
        />
      </Field>
      <Checkbox
        name="quotaFailover"
        label={texts.quotaFailover}
        defaultChecked={project.quotaFailover}
      />
    </>
  )
}
