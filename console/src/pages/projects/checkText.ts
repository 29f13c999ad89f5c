import type { Schemas } from '../../api/client'
import type { FormValues } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import { readCredentials } from './settingsChanges'

/** What a form's check sends: the fields that are filled in, and removed credentials. */
export function checkBody(given: FormValues): Schemas['ProjectCheck'] {
  const { text, exact } = given
  const body: Schemas['ProjectCheck'] = readCredentials(given)
  for (const name of ['repoUrl', 'defaultBranch', 'agentType'] as const)
    if (text(name)) body[name] = text(name)
  if (text('deployKeyId')) body.deployKeyId = text('deployKeyId')
  if (text('knownHosts')) body.knownHosts = exact('knownHosts')
  return body
}

/** The sentence of a step: the language's own, or else the server's. */
export function stepSentence(step: Pick<Schemas['CheckStep'], 'code' | 'message' | 'params'>) {
  const sentence = strings.checkSentences[step.code]
  if (sentence === undefined) return step.message
  const scopes = strings.checkScopes[step.params.forge ?? ''] ?? ''
  const values: Record<string, string> = { ...step.params, scopes }
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
