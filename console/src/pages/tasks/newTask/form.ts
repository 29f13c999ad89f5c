/** The form of a new task, and its conversion to a draft and a task. Pure. */
import type { Schemas } from '../../../api/client'

export type MachineChoice = 'any' | 'labels' | string

export type Form = {
  projectKey: string
  description: string
  agentType: string
  model: string
  /** `any`, `labels`, or a machine's id. */
  where: MachineChoice
  labels: string
  priority: string
  /** Fields of a draft that the form doesn't show. They don't change. */
  rest: Pick<Schemas['DraftChanges'], 'agentOptions' | 'budget'>
}

export const EMPTY: Form = {
  projectKey: '',
  description: '',
  agentType: '',
  model: '',
  where: 'any',
  labels: '',
  priority: '0',
  rest: {},
}

export function formOf(draft: Schemas['Draft']): Form {
  return {
    projectKey: draft.projectKey ?? '',
    description: draft.description,
    agentType: draft.agentType ?? '',
    model: draft.agentOptions?.model ?? '',
    where: draft.machineId ?? (draft.machineSelector ? 'labels' : 'any'),
    labels: draft.machineSelector ?? '',
    priority: String(draft.priority),
    rest: { agentOptions: draft.agentOptions, budget: draft.budget },
  }
}

/** Whether there is anything to save: options alone are quickly chosen again. */
export function isWorthSaving(form: Form): boolean {
  return form.description.trim() !== ''
}

export function draftOf(form: Form): Schemas['DraftChanges'] {
  return {
    ...taskOptions(form),
    projectKey: form.projectKey || null,
    description: form.description,
  }
}

export function taskOf(form: Form): Schemas['NewTask'] {
  return {
    ...taskOptions(form),
    projectKey: form.projectKey,
    description: form.description.trim(),
  }
}

/** Returns the priority typed; 0 if empty, null if not a number or out of bounds. */
export function priorityOf({ priority }: Form): number | null {
  const typed = priority.trim().replace('−', '-')
  if (!/^-?\d{0,4}$/.test(typed)) return null
  const number = Number(typed === '' || typed === '-' ? '0' : typed)
  return Math.abs(number) <= 1000 ? number : null
}

function taskOptions(form: Form) {
  const model = form.model.trim() || null
  const options = { ...form.rest.agentOptions, model }
  const hasOptions = Object.values(options).some((value) => value !== null && value !== undefined)
  const isMachine = form.where !== 'any' && form.where !== 'labels'
  return {
    agentType: form.agentType || null,
    agentOptions: hasOptions ? options : null,
    machineId: isMachine ? form.where : null,
    machineSelector: form.where === 'labels' ? form.labels.trim() || null : null,
    priority: priorityOf(form) ?? 0,
    budget: form.rest.budget ?? null,
  }
}

/** Returns the default project of a new task: the last one used, or the only one. */
export function firstProject(keys: string[], last: string | null): string {
  if (last !== null && keys.includes(last)) return last
  const [only] = keys
  return keys.length === 1 && only !== undefined ? only : ''
}
