/** Who is signed in. The access token is kept in memory alone; what lasts is the server's cookie,
 *  which no script can read. One tab at a time asks for a new token and gives it to the others. */
import { isPassing, problemOf, unreachable } from '../api/problem'
import { expiresAt, ownerOf } from '../lib/jwt'

type Known = { token: string | null; endsAt: number }
type Told = { token: string | null }

/** A token is renewed so long before its end. */
const EARLY_MILLISECONDS = 30_000
/** All tabs wait for the one that asks: a line that died while the machine slept may not keep them. */
const ANSWERED_MILLISECONDS = 30_000
const PAUSES_MILLISECONDS = [500, 1000, 2000, 4000, 8000]

const tabs = new BroadcastChannel('muster-session')
const listeners = new Set<() => void>()
let known: Known | null = null
let asking: Promise<string | null> | null = null

tabs.onmessage = ({ data }: MessageEvent<Told>) => keep(data.token)

/** Whether one can be signed in at this address: over plain HTTP, but on one's own machine, browsers
 *  have no locks, and a password would be read on its way. */
export function isSafeHere(): boolean {
  return 'locks' in navigator
}

/** An access token that is good for a while, or null: nobody is signed in. */
export async function token(): Promise<string | null> {
  if (!isSafeHere()) return null
  if (known !== null && (known.token === null || !endsSoon(known))) return known.token
  asking ??= renewed(known?.token ?? null).finally(() => {
    asking = null
  })
  return asking
}

/** Another token than `spent`, which is not good any more; null where the login has ended. */
export async function renewed(spent: string | null): Promise<string | null> {
  return await alone(async () => {
    // Another tab may have been faster, and told while this one stood in line.
    if (known?.token && known.token !== spent && !endsSoon(known)) return known.token
    const answer = await patiently(() => posted('refresh', {}))
    tell(answer.accessToken ?? null)
    return known?.token ?? null
  })
}

/** One act of one tab at a time: a renewal that a logout overtakes would bring back what has ended. */
function alone<T>(act: () => Promise<T>): Promise<T> {
  return navigator.locks.request('muster-session', act) as Promise<T>
}

/** Again, where the server is away: it may be starting anew. Throws the last Problem. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MILLISECONDS) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error)) throw error
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
  return await alone(async () => {
    const answer = await posted('login', { username, password, totpCode: totpCode || null })
    if (!answer.accessToken) return false
    tell(answer.accessToken)
    return true
  })
}

export async function signOut(): Promise<void> {
  await alone(async () => {
    await posted('logout', {})
    tell(null)
  })
}

/** Whether somebody is signed in; undefined until that was asked. */
export function isSignedIn(): boolean | undefined {
  return known === null ? undefined : known.token !== null
}

/** Who is signed in, as tokens tell people apart; null: nobody, or that was not asked yet. */
export function whoIs(): string | null {
  return known?.token ? ownerOf(known.token) : null
}

/** `listener` is told when somebody signs in or out, here or in another tab, also where another
 *  person comes in one's place. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function tell(fresh: string | null): void {
  keep(fresh)
  tabs.postMessage({ token: fresh } satisfies Told)
}

function keep(fresh: string | null): void {
  const before = [isSignedIn(), whoIs()]
  known = { token: fresh, endsAt: fresh === null ? 0 : expiresAt(fresh) }
  const now = [isSignedIn(), whoIs()]
  if (before.some((one, place) => one !== now[place])) {
    for (const listener of [...listeners]) listener()
  }
}

function endsSoon({ endsAt }: Known): boolean {
  return Date.now() > endsAt - EARLY_MILLISECONDS
}

async function posted(what: string, body: object): Promise<{ accessToken?: string | null }> {
  const asked = fetch(`/api/auth/browser/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWERED_MILLISECONDS),
  })
  const answer = await asked.catch(() => {
    throw unreachable()
  })
  const said: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw problemOf(answer, said)
  return said as { accessToken?: string | null }
}
