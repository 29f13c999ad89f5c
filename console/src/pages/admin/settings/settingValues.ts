import type { Schemas } from '../../../api/client'

type Setting = Schemas['Setting']
export type EditedValues = Record<string, string>

/** Returns the edited settings that differ from the current ones; null resets to the default. */
export function changedSettings(
  registry: Setting[],
  typed: EditedValues,
): Record<string, number | string | null> {
  const changed = registry
    .filter(({ key }) => typed[key] !== undefined)
    .map((setting) => [setting.key, parseValue(setting, typed[setting.key] ?? '')] as const)
    .filter(([key, value]) => {
      const setting = registry.find((one) => one.key === key)
      return setting !== undefined && (value ?? setting.default) !== setting.value
    })
  return Object.fromEntries(changed)
}

function parseValue({ type }: Setting, text: string): number | string | null {
  const said = text.trim()
  if (said === '') return null
  return type === 'string' ? said : Number(said)
}
