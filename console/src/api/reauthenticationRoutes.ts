/** Requests that require a recent login. The console asks before it sends one, because a refusal
 *  shows as an error in the browser's console; the server checks anyway. */

/** The routes that may answer `reauthentication_required`, as the contract writes them. */
export const REAUTHENTICATED_ROUTES = [
  'POST /api/admin/invitations',
  'POST /api/web/profile/tokens',
  'POST /api/web/profile/chat-token',
  'POST /api/web/profile/totp/setup',
  'POST /api/web/device/{userCode}/approve',
]

const PATTERNS = REAUTHENTICATED_ROUTES.map(
  (route) => new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`),
)

/** Allowance for the time that the request is on its way. */
const TRANSIT_MILLISECONDS = 5000

export function requiresReauthentication(method: string, url: string): boolean {
  const asked = `${method} ${new URL(url).pathname}`
  return PATTERNS.some((pattern) => pattern.test(asked))
}

/** Whether a reauthentication that is valid `until` then is still valid at `now`, the server's
 *  time. */
export function isReauthenticationValid(until: string | null, now: string | null): boolean {
  if (until === null) return false
  const asked = now === null ? Date.now() : Date.parse(now)
  return Date.parse(until) > asked + TRANSIT_MILLISECONDS
}
