import type { Schemas } from '../../api/client'
import type { FormValues } from '../../components/forms/useForm'
import { readLimits } from '../../lib/form/limits'
import type { Project } from '../../queries/projects'

type Update = Schemas['ProjectUpdate']

export const CREDENTIALS = ['gitToken', 'sshKey'] as const

/** Whether the agent runs the project's own command. */
export const takesCommand = (agentType: string) => agentType === 'custom' || agentType === 'acp'

/** Whether machines reach the repository by SSH: an `ssh:` URL, or `user@host:path`. */
export const usesSsh = (url: string) => /^ssh:/i.test(url) || /^[^/:]+:(?!\/\/)/.test(url)

/** The changes in the settings' form. Unchanged fields are omitted: setting some needs an admin,
 *  and someone else may have changed them meanwhile. Fields that aren't plain texts are in hidden
 *  inputs, as JSON. */
export function readChanges(given: FormValues, project: Project): Update {
  const all = readSettings(given, project)
  const changed = Object.entries(all).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(project[name as keyof Project]),
  )
  return { ...Object.fromEntries(changed), ...readCredentials(given) }
}

function readSettings({ text, exact, isChecked }: FormValues, project: Project): Update {
  const agentType = text('agentType')
  const json = (name: string) => JSON.parse(exact(name))
  return {
    name: text('name'),
    repoUrl: text('repoUrl'),
    defaultBranch: text('defaultBranch'),
    branchName: text('branchName'),
    knownHosts: exact('knownHosts') || null,
    agentType,
    agentCommand: takesCommand(agentType) ? text('agentCommand') || null : project.agentCommand,
    agentOptions: json('agentOptions'),
    network: json('network'),
    minSandbox: (text('minSandbox') || null) as Project['minSandbox'],
    machineSelector: text('machineSelector') || null,
    maxAttempts: Number(text('maxAttempts')),
    requireChange: isChecked('requireChange'),
    onQuota: text('onQuota') as Project['onQuota'],
    quotaMinutes: Number(text('quotaMinutes')),
    quotaFailover: isChecked('quotaFailover'),
    budget: readLimits(text, 'budget'),
    taskBudget: readLimits(text, 'taskBudget'),
    templates: json('templates'),
  }
}

/** The credentials to set or to remove; an empty field keeps what is set. */
export function readCredentials({ text, exact, isChecked }: FormValues): Update {
  const body: Update = {}
  for (const name of CREDENTIALS) {
    if (text(name)) body[name] = name === 'sshKey' ? exact(name) : text(name)
    else if (isChecked(`${name}Removed`)) body[name] = null
  }
  return body
}
