type Search = { error?: string }

/** What the login page is told of an address that wants a login: where to go after it, and why a
 *  provider's sign-in that led there came to nothing, which is over with the next one. */
export function loginSearch(path: string, { error, ...rest }: Search, hash: string) {
  const query = new URLSearchParams(rest).toString()
  return { next: `${path}${query && `?${query}`}${hash && `#${hash}`}`, error }
}

/** Where to go after a login: a path of this console, or home. Never another site, whatever the URL
 *  that somebody was sent says. */
export function safeRedirectPath(next: string | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next)) return '/'
  try {
    return new URL(next, 'https://here.invalid').origin === 'https://here.invalid' ? next : '/'
  } catch {
    return '/'
  }
}
