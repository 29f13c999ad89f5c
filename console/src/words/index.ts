/** Every word that the console shows. `words` is there before anything is drawn and stays: another
 *  language begins with a reload. So it is read while drawing, never while a module loads. */
import type * as en from './en'

export type Words = typeof en
export type Language = 'en' | 'zh-CN'

export const languages: Record<Language, string> = { en: 'English', 'zh-CN': '简体中文' }

const KEPT = 'muster-language'

export let words: Words
export let language: Language = 'en'
/** For Intl: as the browser writes, where it speaks this language; else as the language does. */
export let locale = 'en-GB'

let loading: Promise<void> | null = null

export function loadWords(): Promise<void> {
  loading ??= load()
  return loading
}

async function load(): Promise<void> {
  language = chosen()
  words = language === 'en' ? await import('./en') : await import('./zh')
  const own = navigator.languages.find((one) => one.startsWith(language.slice(0, 2)))
  locale = own ?? (language === 'en' ? 'en-GB' : 'zh-CN')
  document.documentElement.lang = language
}

export function speak(another: Language): void {
  localStorage.setItem(KEPT, another)
  location.reload()
}

function chosen(): Language {
  const kept = localStorage.getItem(KEPT)
  if (kept === 'en' || kept === 'zh-CN') return kept
  const first = navigator.languages.find((one) => /^(en|zh)\b/.test(one))
  return first?.startsWith('zh') ? 'zh-CN' : 'en'
}
