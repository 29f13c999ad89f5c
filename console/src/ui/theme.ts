/** Light, dark, or as the system has it. */
export type Theme = 'system' | 'light' | 'dark'

const KEPT = 'muster-theme'

export function theme(): Theme {
  const kept = localStorage.getItem(KEPT)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function choose(another: Theme): void {
  localStorage.setItem(KEPT, another)
  showTheme()
}

export function showTheme(): void {
  const chosen = theme()
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}
