import { Checkbox } from '../../components/forms/Checkbox'
import { Field } from '../../components/forms/Field'
import type { Form } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import type { Project } from '../../queries/projects'
import { type SettingsPart, SettingsSection } from './SettingsSection'

/** The rules for when Muster gives up on a task. */
export function FailureRules({ project, form }: SettingsPart) {
  const say = strings.projects
  return (
    <SettingsSection title={say.rules} about={say.rulesWhat}>
      <Field label={say.maxAttempts} error={form.errorOf('maxAttempts')}>
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
        label={say.requireChange}
        hint={say.requireChangeHint}
        defaultChecked={project.requireChange}
      />
      <QuotaRules project={project} form={form} />
    </SettingsSection>
  )
}

/** The rules for when an agent's account is out of quota. */
function QuotaRules({ project, form }: { project: Project; form: Form }) {
  const say = strings.projects
  return (
    <>
      <Field label={say.onQuota} error={form.errorOf('onQuota')}>
        <select className="input" name="onQuota" defaultValue={project.onQuota}>
          {(['wait', 'fail'] as const).map((one) => (
            <option key={one} value={one}>
              {say.onQuotaOf[one]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={say.quotaMinutes} error={form.errorOf('quotaMinutes')}>
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
        label={say.quotaFailover}
        defaultChecked={project.quotaFailover}
      />
    </>
  )
}
