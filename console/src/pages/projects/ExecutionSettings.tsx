import { useState } from 'react'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { normalizeNetwork } from '../../lib/form/pipeline'
import type { Project } from '../../queries/projects'
import { NetworkFields } from './NetworkFields'
import { type SettingsPart, SettingsSection } from './SettingsSection'

/** What stages can reach, the sandbox they need, and the machines they run on. */
export function ExecutionSettings({ project, form }: SettingsPart) {
  const texts = strings.projects
  const [network, setNetwork] = useState<Project['network']>(project.network)
  return (
    <SettingsSection title={texts.execution} about={texts.executionAbout}>
      <input type="hidden" name="network" value={JSON.stringify(normalizeNetwork(network))} />
      <NetworkFields
        network={network}
        error={form.errorIn('network')}
        onChange={(next) => next !== undefined && setNetwork(next)}
      />
      <Field label={texts.sandbox} error={form.errorOf('minSandbox')}>
        <select className="input" name="minSandbox" defaultValue={project.minSandbox ?? ''}>
          {(['', 'none', 'processes', 'full'] as const).map((one) => (
            <option key={one} value={one}>
              {texts.sandboxes[one]}
            </option>
          ))}
        </select>
      </Field>
      <Field
        label={texts.selector}
        hint={texts.selectorHint}
        error={form.errorOf('machineSelector')}
      >
        <input
          className="input mono"
          name="machineSelector"
          defaultValue={project.machineSelector ?? ''}
        />
      </Field>
      {project.protected && (
        <p className="notice">{texts.protectedWhat(project.protectedMachines.length)}</p>
      )}
    </SettingsSection>
  )
}
