/** When a token ends, in milliseconds since 1970 by this machine's clock; 0 if it does not say.
 *
 * The server's clock may be another: what counts is how long the token lives.
 */
export function expiresAt(token: string, now: number = Date.now()): number {
  try {
    const claims = claimsOf(token)
    if (claims.exp === undefined) return 0
    return claims.iat === undefined ? claims.exp * 1000 : now + (claims.exp - claims.iat) * 1000
  } catch {
    return 0
  }
}

/** Whose a token is, as the server writes it; null if it does not say. */
export function ownerOf(token: string): string | null {
  try {
    const { sub } = claimsOf(token)
    return sub === undefined ? null : String(sub)
  } catch {
    return null
  }
}

type Claims = { sub?: string; iat?: number; exp?: number }

/** Throws where it is no token. */
function claimsOf(token: string): Claims {
  const body = token.split('.')[1] ?? ''
  return JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/'))) as Claims
}
