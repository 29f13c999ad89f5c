/** Returns the name of a key pressed together with ⌘ or Ctrl, as this device's keyboard shows it. */
export function formatModKey(key: string): string {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? `⌘${key}` : `Ctrl ${key}`
}
