/** The login session. The access token is only in memory; the server's cookie, which no script can
 *  read, outlives the page. One tab at a time requests a new token and shares it with the
 *  others. */
import { isTransient, parseProblem, unreachableProblem } from '../api/problem'
import { expiresAt, ownerOf } from '../lib/net/jwt'

type CachedToken = { token: string | null; endsAt: number }
type TokenMessage = { token: string | null }

/** A token is renewed this long before it expires. */
const RENEWAL_LEAD_MILLISECONDS = 30_000
/** All tabs wait for the one that requests a token, so a connection that died while the machine
 *  slept must not block them. */
const REQUEST_TIMEOUT_MILLISECONDS = 30_000
const RETRY_DELAYS_MILLISECONDS = [500, 1000, 2000, 4000, 8000]

const tabs = new BroadcastChannel('muster-session')
const listeners = new Set<() => void>()
let cached: CachedToken | null = null
let pendingToken: Promise<string | null> | null = null

tabs.onmessage = ({ data }: MessageEvent<TokenMessage>) => storeToken(data.token)

/** Whether signing in is possible at this address. Over plain HTTP, except on localhost, browsers
 *  have no Web Locks, and a password could be intercepted. */
export function hasSecureContext(): boolean {
  return 'locks' in navigator
}

/** Returns an access token that doesn't expire soon, or null if nobody is signed in. */
export async function token(): Promise<string | null> {
  if (!hasSecureContext()) return null
  if (cached !== null && (cached.token === null || !endsSoon(cached))) return cached.token
  pendingToken ??= renewToken(cached?.token ?? null).finally(() => {
    pendingToken = null
  })
  return pendingToken
}

/** Replaces `spent`, which is no longer valid. Returns null if the login has ended. */
export async function renewToken(spent: string | null): Promise<string | null> {
  return await withSessionLock(async () => {
    // Another tab may have renewed it while this one waited for the lock.
    if (cached?.token && cached.token !== spent && !endsSoon(cached)) return cached.token
    const answer = await retryTransient(() => postAuth('refresh', {}))
    publishToken(answer.accessToken ?? null)
    return cached?.token ?? null
  })
}

/** Serializes session requests across tabs: a refresh that finishes after a logout would restore
 *  the ended session. */
function withSessionLock<T>(act: () => Promise<T>): Promise<T> {
  return navigator.locks.request('muster-session', act) as Promise<T>
}

/** Retries while the server is unreachable; it may be restarting. Throws the last Problem. */
async function retryTransient<T>(ask: () => Promise<T>): Promise<T> {
  for (const pause of RETRY_DELAYS_MILLISECONDS) {
    try {
      return await ask()
    } catch (error) {
      if (!isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  return await ask()
}

/** Returns false if the server also requires a second-factor code. Throws Problem. */
export async function signIn(
  username: string,
  password: string,
  totpCode?: string,
): Promise<boolean> {
  return await withSessionLock(async () => {
    const answer = await postAuth('login', { username, password, totpCode: totpCode || null })
    if (!answer.accessToken) return false
    publishToken(answer.accessToken)
    return true
  })
}

export async function signOut(): Promise<void> {
  await withSessionLock(async () => {
    await postAuth('logout', {})
    publishToken(null)
  })
}

/** Whether a user is signed in; undefined until that is known. */
export function isSignedIn(): boolean | undefined {
  return cached === null ? undefined : cached.token !== null
}

/** The subject of the access token; null if nobody is signed in or that is not yet known. */
export function signedInUser(): string | null {
  return cached?.token ? ownerOf(cached.token) : null
}

/** Calls `listener` when a user signs in or out, in this tab or another one, including when another
 *  user replaces the current one. Returns the unsubscribe function. */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function publishToken(fresh: string | null): void {
  storeToken(fresh)
  tabs.postMessage({ token: fresh } satisfies TokenMessage)
}

function storeToken(fresh: string | null): void {
  const before = [isSignedIn(), signedInUser()]
  cached = { token: fresh, endsAt: fresh === null ? 0 : expiresAt(fresh) }
  const now = [isSignedIn(), signedInUser()]
  if (before.some((one, place) => one !== now[place])) {
    for (const listener of [...listeners]) listener()
  }
}

function endsSoon({ endsAt }: CachedToken): boolean {
  return Date.now() > endsAt - RENEWAL_LEAD_MILLISECONDS
}

async function postAuth(what: string, body: object): Promise<{ accessToken?: string | null }> {
  const asked = fetch(`/api/auth/browser/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
  })
  const answer = await asked.catch(() => {
    throw unreachableProblem()
  })
  const content: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw parseProblem(answer, content)
  return content as { accessToken?: string | null }
}
