/** The settings in the order of the page, and their texts. Pure. */
import { settingStrings } from '../../../i18n/settings'
import type { Setting } from './settingValues'

export type Section = { title: string; isWarning: boolean; settings: Setting[] }

/** The setting's name in the current language. */
export const nameOf = ({ key, name }: Setting): string => settingStrings.names[key] ?? name

/** What the setting does, in the current language. */
export const effectOf = ({ key, help }: Setting): string => settingStrings.help[key] ?? help

/** Returns the settings that match, in sections: first those that do harm as they are. */
export function listSections(registry: readonly Setting[], query: string): Section[] {
  const found = registry.filter((setting) => matches(setting, query))
  const { attention, groups } = settingStrings
  const sections = [
    { title: attention, isWarning: true, settings: found.filter(({ warning }) => warning) },
    ...(Object.keys(groups) as Setting['group'][]).map((name) => ({
      title: groups[name],
      isWarning: false,
      settings: found.filter(({ group, warning }) => group === name && !warning),
    })),
  ]
  return sections.filter(({ settings }) => settings.length > 0)
}

/** Whether each word of the query is in the setting's name, key, effect or group. */
function matches(setting: Setting, query: string): boolean {
  const texts = [nameOf(setting), setting.key, effectOf(setting)]
  const text = [...texts, settingStrings.groups[setting.group]].join(' ').toLowerCase()
  const words = query.toLowerCase().split(/\s+/)
  return words.every((word) => text.includes(word))
}
