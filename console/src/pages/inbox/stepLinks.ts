import { strings } from '../../i18n'
import type { Step } from '../../queries/gettingStarted'

type StepLink = { name: string; place: object }

/** Returns the button of a step: a link, or the dialog of a new task; nothing if the step is done
 *  or this user can't do it. */
export function findStepLink(step: Step, isAdmin: boolean): StepLink | 'new-task' | undefined {
  const { reason, state } = step
  const name = step.detail?.split(': ')[0] ?? ''
  const texts = strings.gettingStarted
  const machines = { name: texts.viewMachines, place: { to: '/machines' } }
  switch (step.step) {
    case 'machine':
      if (state === 'done' && reason === null) return undefined
      if (state !== 'open') return machines
      return isAdmin
        ? { name: texts.addMachine, place: { to: '/machines', search: { add: '1' } } }
        : undefined
    case 'agent':
      return reason === 'agent_not_found' || reason === 'agent_unhealthy' ? machines : undefined
    case 'project':
      return findProjectLink(step, name, isAdmin)
    case 'task':
      if (state === 'open') return reason === null ? 'new-task' : undefined
      return state === 'done' ? undefined : linkTask(name)
    case 'people':
      return isAdmin && state === 'open'
        ? {
            name: strings.invitation.invite,
            place: { to: '/admin/developers', search: { do: 'invite' } },
          }
        : undefined
  }
}

function findProjectLink(step: Step, key: string, isAdmin: boolean): StepLink | undefined {
  const texts = strings.gettingStarted
  const place = { to: '/projects/$projectKey', params: { projectKey: key } }
  if (step.reason === 'no_key_known')
    return { name: texts.setKey, place: { ...place, search: { part: 'secrets', do: 'new' } } }
  if (step.reason === 'agent_unknown' || step.reason === 'repository_failed')
    return { name: texts.openProject(key), place }
  if (step.state === 'open' && isAdmin)
    return { name: texts.createProject, place: { to: '/projects', search: { add: '1' } } }
  return undefined
}

function linkTask(id: string): StepLink {
  const params = { taskId: id.replace('#', '') }
  return { name: strings.gettingStarted.openTask(id), place: { to: '/tasks/$taskId', params } }
}
