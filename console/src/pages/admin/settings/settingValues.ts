import type { Schemas } from '../../../api/client'
import { isDuration, joinDuration, splitDuration } from './durations'

export type Setting = Schemas['Setting']
type Value = number | string | null
export type EditedValues = Record<string, string>

/** Returns a value as its field shows it. */
export function textOf(setting: Setting, value: Setting['value']): string {
  return isDuration(setting) && typeof value === 'number'
    ? splitDuration(value, setting)
    : String(value)
}

/** Returns the edited settings that differ from the current ones; null resets to the default. */
export function changedSettings(registry: Setting[], typed: EditedValues): Record<string, Value> {
  const changes: Record<string, Value> = {}
  for (const setting of registry) {
    const text = typed[setting.key]
    if (text === undefined) continue
    const value = parseValue(setting, text)
    if ((value ?? setting.default) !== setting.value) changes[setting.key] = value
  }
  return changes
}

/** Returns null for what is empty or the default. */
function parseValue(setting: Setting, text: string): Value {
  const value = readValue(setting, text.trim())
  return value === setting.default ? null : value
}

function readValue(setting: Setting, text: string): Value {
  if (isDuration(setting)) return joinDuration(text, setting)
  if (text === '') return null
  return setting.type === 'string' ? text : Number(text)
}
