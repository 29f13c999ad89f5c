/** Light, dark, or the system's theme. */
export type Theme = 'system' | 'light' | 'dark'

const STORAGE_KEY = 'muster-theme'

export function currentTheme(): Theme {
  const kept = localStorage.getItem(STORAGE_KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function setTheme(another: Theme): void {
  localStorage.setItem(STORAGE_KEY, another)
  applyTheme()
}

export function applyTheme(): void {
  const chosen = currentTheme()
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}
