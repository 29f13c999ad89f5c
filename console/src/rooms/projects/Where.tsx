import { useState } from 'react'
import { tidiedHosts } from '../../lib/pipeline'
import type { Project } from '../../queries/projects'
import { Field } from '../../ui/Field'
import { words } from '../../words'
import { NetworkFields } from './NetworkFields'
import { type Part, SettingsForm } from './SettingsForm'

/** What stages reach, how they are contained, and on which machines. */
export function Where(part: Part) {
  const { project } = part
  const say = words.projects
  const [network, setNetwork] = useState<Project['network']>(project.network)
  return (
    <SettingsForm
      {...part}
      title={say.where}
      about={say.whereWhat}
      changes={({ text }) => ({
        network: tidiedHosts(network),
        room: (text('room') || null) as Project['room'],
        machineSelector: text('machineSelector') || null,
      })}
    >
      {(form) => (
        <>
          <NetworkFields
            network={network}
            error={form.errorIn('network')}
            onChange={(next) => next !== undefined && setNetwork(next)}
          />
          <Field label={say.room} error={form.errorOf('room')}>
            <select className="input" name="room" defaultValue={project.room ?? ''}>
              {(['', 'none', 'processes', 'full'] as const).map((one) => (
                <option key={one} value={one}>
                  {say.rooms[one]}
                </option>
              ))}
            </select>
          </Field>
          <Field
            label={say.selector}
            hint={say.selectorHint}
            error={form.errorOf('machineSelector')}
          >
            <input
              className="input mono"
              name="machineSelector"
              defaultValue={project.machineSelector ?? ''}
            />
          </Field>
          {project.protected && (
            <p className="notice">{say.protectedWhat(project.protectedMachines.length)}</p>
          )}
        </>
      )}
    </SettingsForm>
  )
}
