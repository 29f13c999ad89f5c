/** Texts of the settings, for admins. `strings` is part of every page, so these are loaded on their
 *  own, before what shows them. */
import { language } from '.'
import type * as en from './en/settings'

export let settingStrings: typeof en.settings

/** Loads them; repeating it is free. */
export async function loadSettingStrings(): Promise<void> {
  const catalog = await (language === 'en' ? import('./en/settings') : import('./zh/settings'))
  settingStrings = catalog.settings
}
