/** The server's settings, as commands that open them. For admins. */
import { useQuery } from '@tanstack/react-query'
import { Settings } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { language, loadCatalog, type Strings, strings } from '../../i18n'
import { inBothLanguages } from '../../i18n/palette'
import { useSettings } from '../../queries/adminSettings'
import type { Command } from './command'
import type { PaletteNavigation } from './usePaletteNavigation'

type Setting = Schemas['Setting']

export function useSettingCommands(isAdmin: boolean, doors: PaletteNavigation): Command[] {
  const registry = useSettings(isAdmin).data?.registry ?? []
  const other = useOtherCatalog(isAdmin)
  return registry
    .filter(({ type }) => type !== 'prices') // a command of its own opens them
    .map((setting) => ({
      id: `setting ${setting.key}`,
      names: settingNames(setting, other),
      icon: Settings,
      run: () => doors.open(`/admin/settings#${setting.key}`),
    }))
}

/** Returns the name to show, and what else finds the setting: its key, and what it does in both
 *  languages. */
function settingNames({ key, help }: Setting, other: Strings | undefined): string[] {
  const words = key.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  const [shown = '', translated = ''] = inBothLanguages((say) => say.setting(words))
  const texts = [strings, other].map((catalog) => catalog?.settings.help[key] ?? '')
  return [shown, translated, key, help, ...texts]
}

/** The texts of the language that the console isn't in. */
function useOtherCatalog(enabled: boolean): Strings | undefined {
  const other = language === 'en' ? 'zh-CN' : 'en'
  return useQuery({
    queryKey: ['catalog', other],
    queryFn: async () => ({ ...(await loadCatalog(other)) }),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  }).data
}
