import { useState } from 'react'
import { agentName } from '../../lib/agents'
import { tidiedOptions } from '../../lib/pipeline'
import { useAgents } from '../../queries/projects'
import { Field } from '../../ui/Field'
import { words } from '../../words'
import { AgentOptionFields } from './AgentOptionFields'
import { type Part, SettingsForm } from './SettingsForm'

/** Which agent carries stages out, and how. */
export function AgentSettings(part: Part) {
  const { project } = part
  const say = words.projects
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
        agentOptions: Object.keys(options).length > 0 ? tidiedOptions(options) : null,
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
