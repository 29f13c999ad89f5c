import type { Project } from '../../queries/projects'
import { Check } from '../../ui/Check'
import { Field } from '../../ui/Field'
import { words } from '../../words'
import { type Part, SettingsForm } from './SettingsForm'

/** When a task is given up. */
export function Rules(part: Part) {
  const { project } = part
  const say = words.projects
  return (
    <SettingsForm
      {...part}
      title={say.rules}
      about={say.rulesWhat}
      changes={({ text, isOn }) => ({
        maxAttempts: Number(text('maxAttempts')),
        requireChange: isOn('requireChange'),
        onQuota: text('onQuota') as Project['onQuota'],
        quotaMinutes: Number(text('quotaMinutes')),
        quotaElsewhere: isOn('quotaElsewhere'),
      })}
    >
      {(form) => (
        <>
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
          <Check
            name="requireChange"
            label={say.requireChange}
            hint={say.requireChangeHint}
            defaultChecked={project.requireChange}
          />
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
          <Check
            name="quotaElsewhere"
            label={say.quotaElsewhere}
            defaultChecked={project.quotaElsewhere}
          />
        </>
      )}
    </SettingsForm>
  )
}
