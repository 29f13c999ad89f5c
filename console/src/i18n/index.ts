/** All texts of the console. `strings` is set before the first render; changing the language
 *  reloads the page. Read it while rendering, never while a module loads. */
import type * as en from './en'

export type Strings = typeof en
export type Language = 'en' | 'zh-CN'

export const languages: Record<Language, string> = { en: 'English', 'zh-CN': '简体中文' }

const STORAGE_KEY = 'muster-language'

export let strings: Strings
export let language: Language = 'en'
/** For Intl: the browser's regional variant of this language, or the language's default. */
export let locale = 'en-US'

let loading: Promise<void> | null = null

export function loadStrings(): Promise<void> {
  loading ??= loadLanguage()
  return loading
}

async function loadLanguage(): Promise<void> {
  language = preferredLanguage()
  strings = await loadCatalog(language)
  const own = navigator.languages.find((one) => one.startsWith(language.slice(0, 2)))
  locale = own ?? (language === 'en' ? 'en-US' : 'zh-CN')
  document.documentElement.lang = language
}

function loadCatalog(one: Language): Promise<Strings> {
  return one === 'en' ? import('./en') : import('./zh')
}

export function setLanguage(another: Language): void {
  localStorage.setItem(STORAGE_KEY, another)
  location.reload()
}

function preferredLanguage(): Language {
  const kept = localStorage.getItem(STORAGE_KEY)
  if (kept === 'en' || kept === 'zh-CN') return kept
  const first = navigator.languages.find((one) => /^(en|zh)\b/.test(one))
  return first?.startsWith('zh') ? 'zh-CN' : 'en'
}
