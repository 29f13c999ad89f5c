/** Where to go after a login: a path of this console, or home. Never another site, whatever the URL
 *  that somebody was sent says. */
export function ownPath(next: string | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next)) return '/'
  try {
    return new URL(next, 'https://here.invalid').origin === 'https://here.invalid' ? next : '/'
  } catch {
    return '/'
  }
}
