/** Returns when a token expires, in milliseconds since 1970 by this machine's clock; 0 if it
 *  doesn't say. */
export function expiresAt(token: string, now: number = Date.now()): number {
  try {
    const claims = claimsOf(token)
    if (claims.exp === undefined) return 0
    return claims.iat === undefined ? claims.exp * 1000 : now + (claims.exp - claims.iat) * 1000
  } catch {
    return 0
  }
}

/** Returns the token's subject as the server writes it; null if it has none. */
export function ownerOf(token: string): string | null {
  try {
    const { sub } = claimsOf(token)
    return sub === undefined ? null : String(sub)
  } catch {
    return null
  }
}

type Claims = { sub?: string; iat?: number; exp?: number }

/** Decodes a token's claims. Throws if it isn't one. */
function claimsOf(token: string): Claims {
  const body = token.split('.')[1] ?? ''
  return JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/'))) as Claims
}
