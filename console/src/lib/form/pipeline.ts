/** A pipeline in the form. The server checks it (dry run). Pure. */
import type { Schemas } from '../../api/client'

export type Stage = Schemas['Stage']
export type GateKind = 'none' | 'confirm' | 'choices' | 'input'

export const VARIABLES = [
  'description',
  'instruction',
  'branch',
  'project',
  'choice',
  'input',
  'round',
] as const

export function gateOf(stage: Stage): GateKind {
  if (stage.confirm) return 'confirm'
  if (stage.choices && stage.choices.length > 0) return 'choices'
  return stage.input ? 'input' : 'none'
}

/** Changes a stage's gate. Keeps its question, timeout and answerers, unless the new gate is `none`. */
export function withGate(stage: Stage, gate: GateKind): Stage {
  const { confirm: _c, choices, input: _i, prompt, gateTimeout, answerers, ...rest } = stage
  if (gate === 'none') return rest
  const asked = {
    ...rest,
    ...(prompt && { prompt }),
    ...(gateTimeout && { gateTimeout }),
    ...(answerers && { answerers }),
  }
  if (gate === 'choices') return { ...asked, choices: choices ?? ['', ''] }
  return { ...asked, [gate]: true }
}

/** A new agent stage's prompt: the task's description. */
export const DEFAULT_PROMPT = '{description}'

/** Makes it an agent's or a shell's stage. Its text starts again: a prompt is no script. */
export function withKind(stage: Stage, kind: 'agent' | 'shell'): Stage {
  const { onFailure: _, ...rest } = stage
  return { ...rest, kind, command: kind === 'shell' ? '' : DEFAULT_PROMPT }
}

/** Returns the names of the agents' stages before that place; also `chosen`, which may no longer
 *  be one of them. */
export function agentsBefore(stages: readonly Stage[], place: number, chosen?: string): string[] {
  const agents = stages.slice(0, place).filter(({ kind }) => kind !== 'shell')
  return [...new Set([...agents.map(({ name }) => name), ...(chosen ? [chosen] : [])])]
}

/** Sets a field; removes it if the value is empty. */
export function setStageField<K extends keyof Stage>(
  stage: Stage,
  field: K,
  value: Stage[K] | undefined,
): Stage {
  const { [field]: _, ...rest } = stage
  const isEmpty = value === undefined || value === null || value === ''
  return (isEmpty ? rest : { ...rest, [field]: value }) as Stage
}

/** Returns a name that no stage has. */
export function uniqueStageName(stages: readonly Stage[], base: string): string {
  const names = stages.map(({ name }) => name)
  if (!names.includes(base)) return base
  for (let number = 2; ; number++) {
    if (!names.includes(`${base} ${number}`)) return `${base} ${number}`
  }
}

export function moveItem<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, place) => place !== from)
  const one = list[from]
  if (one === undefined || to < 0 || to > rest.length) return [...list]
  return [...rest.slice(0, to), one, ...rest.slice(to)]
}

/** Prepares stages for saving: removes empty lines from lists. */
export function normalizeStages(stages: readonly Stage[]): Stage[] {
  return stages.map((stage) => ({
    ...stage,
    ...(stage.choices && { choices: stage.choices.map((one) => one.trim()).filter(Boolean) }),
    ...(typeof stage.network === 'object' && { network: normalizeNetwork(stage.network) }),
    ...(stage.agentOptions && { agentOptions: normalizeAgentOptions(stage.agentOptions) }),
  }))
}

export function normalizeNetwork<N extends Schemas['Project']['network'] | undefined>(
  network: N,
): N {
  if (typeof network !== 'object') return network
  return { allow: network.allow.map((host) => host.trim()).filter(Boolean) } as N
}

export function normalizeAgentOptions(options: Schemas['AgentOptions']): Schemas['AgentOptions'] {
  const { allowedTools, arguments: given, ...rest } = options
  return {
    ...rest,
    ...(allowedTools && { allowedTools: allowedTools.filter(Boolean) }),
    ...(given && { arguments: given.filter(Boolean) }),
  }
}

export function formatPipeline(stages: readonly Stage[]): string {
  return JSON.stringify(stages, null, 2)
}

/** Parses a JSON text into stages, or returns the error's line and column (1, 1 if it isn't a
 *  list). */
export function parsePipeline(
  text: string,
): { stages: Stage[] } | { line: number; column: number } {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value) || value.some((one) => typeof one !== 'object' || one === null)) {
      return { line: 1, column: 1 }
    }
    return { stages: value as Stage[] }
  } catch (error) {
    return errorPosition(text, error instanceof Error ? error.message : '')
  }
}

/** Reads the position from the browser's message, which has one of two formats; the end of the text
 *  if it has none. */
function errorPosition(text: string, message: string): { line: number; column: number } {
  const reported = /line (\d+) column (\d+)/.exec(message)
  if (reported) return { line: Number(reported[1]), column: Number(reported[2]) }
  const position = /position (\d+)/.exec(message)
  const before = text.slice(0, position ? Number(position[1]) : text.length).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** Returns the errors of a stage, or of one of its fields, from the server's field errors. */
export function stageErrors(
  errors: Readonly<Record<string, string[]>>,
  place: number,
  field?: string,
): string | undefined {
  const own = field === undefined ? `pipeline.${place}` : `pipeline.${place}.${field}`
  const found = Object.entries(errors).filter(
    ([name]) => name === own || (field !== undefined && name.startsWith(`${own}.`)),
  )
  return found.flatMap(([, messages]) => messages).join(' ') || undefined
}

/** Returns the errors that belong to no stage. */
export function pipelineErrors(errors: Readonly<Record<string, string[]>>): string[] {
  return Object.entries(errors)
    .filter(([name]) => !/^pipeline\.\d+/.test(name))
    .flatMap(([, messages]) => messages)
}
