import { locale, strings } from '../i18n'
import type { components } from './schema'

type FieldError = components['schemas']['FieldError']
export type FieldMessages = Record<string, string[]>
export type FieldErrors = Record<string, FieldError[]>

/** Translates field errors whose code is known; otherwise keeps the server's message. */
export function localizeFieldErrors(
  messages: FieldMessages,
  codes: FieldErrors = {},
): FieldMessages {
  return Object.fromEntries(
    Object.entries(messages).map(([field, found]) => [
      field,
      found.map((message, at) => fieldErrorText(codes[field]?.[at]) ?? message),
    ]),
  )
}

function fieldErrorText(fault: FieldError | undefined): string | undefined {
  if (fault === undefined || !Object.hasOwn(strings.fieldErrors, fault.code)) return undefined
  const known = strings.fieldErrors[fault.code]
  return typeof known === 'string' ? known : known(formatParams(fault.params))
}

function formatParams(params: FieldError['params']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'number' ? value.toLocaleString(locale) : String(value),
    ]),
  )
}
