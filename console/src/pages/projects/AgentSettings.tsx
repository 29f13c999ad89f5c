import { useState } from 'react'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { normalizeAgentOptions } from '../../lib/form/pipeline'
import { agentName } from '../../lib/format/agentNames'
import { useAgents } from '../../queries/projects'
import { AgentOptionFields } from './AgentOptionFields'
import { SettingsForm, type SettingsPart } from './SettingsForm'

/** The agent that runs the stages, and its options. */
export function AgentSettings(part: SettingsPart) {
  const { project } = part
  const say = strings.projects
  const agents = useAgents() ?? []
  const [options, setOptions] = useState(project.agentOptions ?? {})
  const [type, setType] = useState(project.agentType)
  const types = [...new Set([project.agentType, ...agents.map((agent) => agent.type)])].sort()
  const chosen = agents.find((agent) => agent.type === type)
  const takesCommand = type === 'custom' || type === 'acp'
  return (
    <SettingsForm
      {...part}
      title={say.agent}
      about={say.agentWhat}
      changes={({ text }) => ({
        agentType: type,
        agentCommand: takesCommand ? text('agentCommand') || null : project.agentCommand,
        agentOptions: Object.keys(options).length > 0 ? normalizeAgentOptions(options) : null,
      })}
    >
      {(form) => (
        <>
          <Field
            label={say.agentType}
            hint={chosen ? say.agentHealthy(chosen.healthyCount, chosen.machineCount) : ''}
            error={form.errorOf('agentType')}
          >
            <select
              className="input"
              value={type}
              onChange={(event) => setType(event.target.value)}
            >
              {types.map((one) => (
                <option key={one} value={one}>
                  {agentName(one)}
                </option>
              ))}
            </select>
          </Field>
          {takesCommand && (
            <Field
              label={say.agentCommand}
              hint={say.agentCommandHint}
              error={form.errorOf('agentCommand')}
            >
              <input
                className="input mono"
                name="agentCommand"
                defaultValue={project.agentCommand ?? ''}
              />
            </Field>
          )}
          <AgentOptionFields options={options} inherits={say.asMachine} onChange={setOptions} />
        </>
      )}
    </SettingsForm>
  )
}
