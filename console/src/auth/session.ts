/** Who is signed in. The access token is kept in memory alone; what lasts is the server's cookie,
 *  which no script can read. One tab at a time asks for a new token and gives it to the others. */
import { isTransient, parseProblem, unreachableProblem } from '../api/problem'
import { expiresAt, ownerOf } from '../lib/net/jwt'

type CachedToken = { token: string | null; endsAt: number }
type TokenMessage = { token: string | null }

/** A token is renewed so long before its end. */
const RENEWAL_LEAD_MILLISECONDS = 30_000
/** All tabs wait for the one that asks: a line that died while the machine slept may not keep them. */
const REQUEST_TIMEOUT_MILLISECONDS = 30_000
const RETRY_DELAYS_MILLISECONDS = [500, 1000, 2000, 4000, 8000]

const tabs = new BroadcastChannel('muster-session')
const listeners = new Set<() => void>()
let cached: CachedToken | null = null
let pendingToken: Promise<string | null> | null = null

tabs.onmessage = ({ data }: MessageEvent<TokenMessage>) => storeToken(data.token)

/** Whether one can be signed in at this address: over plain HTTP, but on one's own machine, browsers
 *  have no locks, and a password would be read on its way. */
export function hasSecureContext(): boolean {
  return 'locks' in navigator
}

/** An access token that is good for a while, or null: nobody is signed in. */
export async function token(): Promise<string | null> {
  if (!hasSecureContext()) return null
  if (cached !== null && (cached.token === null || !endsSoon(cached))) return cached.token
  pendingToken ??= renewToken(cached?.token ?? null).finally(() => {
    pendingToken = null
  })
  return pendingToken
}

/** Another token than `spent`, which is not good any more; null where the login has ended. */
export async function renewToken(spent: string | null): Promise<string | null> {
  return await withSessionLock(async () => {
    // Another tab may have been faster, and told while this one stood in line.
    if (cached?.token && cached.token !== spent && !endsSoon(cached)) return cached.token
    const answer = await retryTransient(() => postAuth('refresh', {}))
    publishToken(answer.accessToken ?? null)
    return cached?.token ?? null
  })
}

/** One act of one tab at a time: a renewal that a logout overtakes would bring back what has ended. */
function withSessionLock<T>(act: () => Promise<T>): Promise<T> {
  return navigator.locks.request('muster-session', act) as Promise<T>
}

/** Again, where the server is away: it may be starting anew. Throws the last Problem. */
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

/** Whether that was all: false asks for a code of the second factor too. Throws Problem. */
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

/** Whether somebody is signed in; undefined until that was asked. */
export function isSignedIn(): boolean | undefined {
  return cached === null ? undefined : cached.token !== null
}

/** Who is signed in, as tokens tell people apart; null: nobody, or that was not asked yet. */
export function signedInUser(): string | null {
  return cached?.token ? ownerOf(cached.token) : null
}

/** `listener` is told when somebody signs in or out, here or in another tab, also where another
 *  person comes in one's place. */
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
  const said: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw parseProblem(answer, said)
  return said as { accessToken?: string | null }
}
