/** The server's settings, as commands that open them. For admins. */
import { useQuery } from '@tanstack/react-query'
import { Settings } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { language } from '../../i18n'
import type { settings as englishTexts } from '../../i18n/en/settings'
import { paletteStrings } from '../../i18n/palette'
import { useSettings } from '../../queries/adminSettings'
import type { Command } from './command'
import type { PaletteNavigation } from './usePaletteNavigation'

type Setting = Schemas['Setting']
type SettingTexts = Pick<typeof englishTexts, 'names' | 'help'>

const NO_TEXTS: SettingTexts = { names: {}, help: {} }

export function useSettingCommands(isAdmin: boolean, navigation: PaletteNavigation): Command[] {
  const registry = useSettings(isAdmin).data?.registry ?? []
  const chinese = useChineseTexts(isAdmin)
  return registry
    .filter(({ type }) => type !== 'prices') // a command of its own opens them
    .map((setting) => ({
      id: `setting ${setting.key}`,
      names: settingNames(setting, chinese),
      icon: Settings,
      run: () => navigation.open(`/admin/settings#${setting.key}`),
    }))
}

/** Returns the name to show, and what else finds the setting: its key, and its name and effect in
 *  both languages. */
function settingNames({ key, name, help }: Setting, chinese: SettingTexts): string[] {
  const translated = chinese.names[key] ?? name
  const label = paletteStrings().setting(language === 'en' ? name : translated)
  return [label, name, translated, key, help, chinese.help[key] ?? '']
}

/** The settings' texts in Chinese; the server sends the English ones. */
function useChineseTexts(enabled: boolean): SettingTexts {
  const query = useQuery({
    queryKey: ['settingTexts', 'zh-CN'],
    queryFn: async () => (await import('../../i18n/zh/settings')).settings,
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  })
  return query.data ?? NO_TEXTS
}
