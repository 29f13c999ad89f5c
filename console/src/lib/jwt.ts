/** When a token ends, in milliseconds since 1970 by this machine's clock; 0 if it does not say.
 *
 * The server's clock may be another: what counts is how long the token lives.
 */
export function expiresAt(token: string, now: number = Date.now()): number {
  try {
    const body = token.split('.')[1] ?? ''
    const claims = JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/'))) as {
      iat?: number
      exp?: number
    }
    if (claims.exp === undefined) return 0
    return claims.iat === undefined ? claims.exp * 1000 : now + (claims.exp - claims.iat) * 1000
  } catch {
    return 0
  }
}
