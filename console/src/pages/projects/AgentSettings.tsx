import { useState } from 'react'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { normalizeAgentOptions } from '../../lib/form/pipeline'
import { useAgents } from '../../queries/projects'
import { AgentOptionFields } from './AgentOptionFields'
import { AgentTypeInput } from './AgentTypeInput'
import { type SettingsPart, SettingsSection } from './SettingsSection'
import { takesCommand } from './settingsChanges'

/** The agent that runs the stages, and its options. */
export function AgentSettings({ project, form }: SettingsPart) {
  const texts = strings.projects
  const [options, setOptions] = useState(project.agentOptions ?? {})
  const [type, setType] = useState(project.agentType)
  const chosen = useAgents()?.find((agent) => agent.type === type)
  const sent = Object.keys(options).length > 0 ? normalizeAgentOptions(options) : null
  return (
    <SettingsSection title={texts.agent} about={texts.agentWhat}>
      <Field
        label={texts.agentType}
        hint={
          chosen ? texts.agentHealthy(chosen.healthyCount, chosen.machineCount) : texts.agentNowhere
        }
        error={form.errorOf('agentType')}
      >
        <AgentTypeInput value={type} onChange={(event) => setType(event.target.value)} />
      </Field>
      {takesCommand(type) && (
        <Field
          label={texts.agentCommand}
          hint={texts.agentCommandHint}
          error={form.errorOf('agentCommand')}
        >
          <input
            className="input mono"
            name="agentCommand"
            defaultValue={project.agentCommand ?? ''}
          />
        </Field>
      )}
      <input type="hidden" name="agentOptions" value={JSON.stringify(sent)} />
      <AgentOptionFields options={options} inherits={texts.asMachine} onChange={setOptions} />
    </SettingsSection>
  )
}
