type Search = { error?: string }

/** Returns the login page's query: where to go afterwards, and why signing in with a provider
 *  failed, which the next sign-in clears. */
export function loginSearch(path: string, { error, ...rest }: Search, hash: string) {
  const query = new URLSearchParams(rest).toString()
  return { next: `${path}${query && `?${query}`}${hash && `#${hash}`}`, error }
}

/** Returns where to go after signing in: a path of this console, or home. Never another site,
 *  whatever a link contains. */
export function safeRedirectPath(next: string | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next)) return '/'
  try {
    return new URL(next, 'https://here.invalid').origin === 'https://here.invalid' ? next : '/'
  } catch {
    return '/'
  }
}
