import { locale, words } from '../words'
import type { components } from './schema'

type Fault = components['schemas']['FieldError']
export type ByField = Record<string, string[]>
export type CodesByField = Record<string, Fault[]>

/** What is wrong with fields, in one's language: by the codes that are known; else as the server
 *  says it. */
export function inWords(messages: ByField, codes: CodesByField = {}): ByField {
  return Object.fromEntries(
    Object.entries(messages).map(([field, found]) => [
      field,
      found.map((message, at) => wordsOf(codes[field]?.[at]) ?? message),
    ]),
  )
}

function wordsOf(fault: Fault | undefined): string | undefined {
  if (fault === undefined || !Object.hasOwn(words.faults, fault.code)) return undefined
  const known = words.faults[fault.code]
  return typeof known === 'string' ? known : known(shown(fault.params))
}

function shown(params: Fault['params']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'number' ? value.toLocaleString(locale) : String(value),
    ]),
  )
}
