/** Acts for those alone who have proved lately that it is them. One is asked before the act, for a
 *  refusal is a red line in the browser's console; the server judges all the same. */

/** The routes that may answer `reauthentication_required`, as the contract writes them. */
export const REAUTHENTICATED_ROUTES = [
  'POST /api/web/profile/tokens',
  'POST /api/web/profile/chat-token',
  'POST /api/web/profile/totp/setup',
  'POST /api/web/device/{userCode}/approve',
]

const PATTERNS = REAUTHENTICATED_ROUTES.map(
  (route) => new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`),
)

/** The act is on its way so long. */
const TRANSIT_MILLISECONDS = 5000

export function requiresReauthentication(method: string, url: string): boolean {
  const asked = `${method} ${new URL(url).pathname}`
  return PATTERNS.some((pattern) => pattern.test(asked))
}

/** Whether who was confirmed `until` then still is, by the server's clock at its answer. */
export function isReauthenticationValid(until: string | null, now: string | null): boolean {
  if (until === null) return false
  const asked = now === null ? Date.now() : Date.parse(now)
  return Date.parse(until) > asked + TRANSIT_MILLISECONDS
}
