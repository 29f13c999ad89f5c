/** One connection to the server's news for all tabs of a browser: the tab that holds a lock reads
 *  the stream and tells the others. Whoever dies lets go of the lock, and the next goes on. */
import { createParser } from 'eventsource-parser'
import { isSignedIn, onSessionChange, renewToken, token } from '../auth/session'
import { backoffMilliseconds } from './backoff'
import type { StreamUpdate } from './updates'

export type ConnectionStatus = {
  isLive: boolean
  since: number
  triedAgainAt: number | null
  /** The console's build that the server has at present, where it has one. */
  build: string | null
}
type TabMessage =
  | { kind: 'update'; update: StreamUpdate; id: string | null }
  | { kind: 'reset' }
  | { kind: 'live'; live: ConnectionStatus }
  | { kind: 'asked' }

/** The server says something each 15 s. After so much silence the line is dead, whatever the browser
 *  believes: a machine that slept wakes up with such a one. */
const SILENCE_TIMEOUT_MILLISECONDS = 40_000

const STABLE_MILLISECONDS = 5000

const tabs = new BroadcastChannel('muster-live')
const listeners = new Set<(told: TabMessage) => void>()
let connection: ConnectionStatus = {
  isLive: false,
  since: Date.now(),
  triedAgainAt: null,
  build: null,
}
let isLeader = false
/** Up to where this browser knows the news, whichever tab has read them. */
let lastId: string | null = null

tabs.onmessage = ({ data }: MessageEvent<TabMessage>) => {
  if (data.kind === 'asked') {
    if (isLeader) tabs.postMessage({ kind: 'live', live: connection } satisfies TabMessage)
  } else receive(data)
}

/** Begin, once a tab. Goes on until the tab is closed. */
export function startStream(): void {
  tabs.postMessage({ kind: 'asked' } satisfies TabMessage)
  // Whoever comes next has missed nothing.
  onSessionChange(() => {
    if (!isSignedIn()) lastId = null
  })
  void navigator.locks.request('muster-live', async () => {
    isLeader = true
    for (let failures = 0; ; ) {
      await waitForSignIn()
      failures = (await readStream()) ? 0 : failures + 1
      await waitToRetry(failures)
    }
  })
}

/** Tell `onUpdate` of each update, and `onReset` when so much was missed that lists have to be read
 *  anew. */
export function onStreamUpdate(
  onUpdate: (update: StreamUpdate) => void,
  onReset: () => void,
): () => void {
  const listener = (told: TabMessage) => {
    if (told.kind === 'update') onUpdate(told.update)
    if (told.kind === 'reset') onReset()
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function onConnectionChange(listener: () => void): () => void {
  const handleMessage = (told: TabMessage) => told.kind === 'live' && listener()
  listeners.add(handleMessage)
  return () => listeners.delete(handleMessage)
}

export function connectionStatus(): ConnectionStatus {
  return connection
}

/** Read until the stream ends, or another one is signed in. Whether it had gone well for a while: one
 *  that ends as soon as it has begun is not tried again at once. */
async function readStream(): Promise<boolean> {
  let hasBegun = false
  const since = Date.now()
  const wasStable = () => hasBegun && Date.now() - since > STABLE_MILLISECONDS
  const line = new AbortController()
  const stop = onSessionChange(() => line.abort())
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (id) lastId = id
      hasBegun = true
      if (event === 'reset') broadcast({ kind: 'reset' })
      if (event === 'hello' || event === 'update' || event === 'reset') {
        setStatus({ isLive: true, triedAgainAt: null })
        broadcast({ kind: 'update', update: JSON.parse(data) as StreamUpdate, id: lastId })
      }
    },
  })
  try {
    const bearer = await token()
    if (bearer === null) return true
    const answer = await fetch('/api/web/stream', {
      headers: requestHeaders(bearer),
      cache: 'no-store',
      signal: line.signal,
    })
    if (answer.status === 401) await renewToken(bearer)
    setStatus({ build: answer.headers.get('X-Muster-Build') ?? connection.build })
    if (!answer.ok || answer.body === null) return false
    await feedParser(answer.body, parser.feed, () => line.abort())
  } catch {
    return wasStable()
  } finally {
    stop()
  }
  return wasStable()
}

/** Read `body` to its end, as long as it says something now and then. */
async function feedParser(body: ReadableStream, feed: (text: string) => void, giveUp: () => void) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let watch = setTimeout(giveUp, SILENCE_TIMEOUT_MILLISECONDS)
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      clearTimeout(watch)
      watch = setTimeout(giveUp, SILENCE_TIMEOUT_MILLISECONDS)
      feed(read.value)
    }
  } finally {
    clearTimeout(watch)
  }
}

function requestHeaders(bearer: string): Record<string, string> {
  const told: Record<string, string> = { Authorization: `Bearer ${bearer}` }
  return lastId === null ? told : { ...told, 'Last-Event-ID': lastId }
}

/** Until it is time to try again, or the browser is back on the network or awake. */
function waitToRetry(failures: number): Promise<void> {
  const milliseconds = backoffMilliseconds(failures)
  if (failures > 0) {
    setStatus({ isLive: false, triedAgainAt: Date.now() + milliseconds })
  }
  return new Promise((resolve) => {
    const resume = () => {
      clearTimeout(timer)
      removeEventListener('online', resume)
      resolve()
    }
    const timer = setTimeout(resume, milliseconds)
    addEventListener('online', resume)
  })
}

function waitForSignIn(): Promise<void> {
  if (isSignedIn()) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = onSessionChange(() => {
      if (!isSignedIn()) return
      stop()
      resolve()
    })
  })
}

function setStatus(change: Partial<ConnectionStatus>): void {
  const now = { ...connection, ...change }
  if (JSON.stringify(now) === JSON.stringify(connection)) return
  if (now.isLive !== connection.isLive) now.since = Date.now()
  broadcast({ kind: 'live', live: now })
}

function broadcast(told: TabMessage): void {
  tabs.postMessage(told)
  receive(told)
}

function receive(told: TabMessage): void {
  if (told.kind === 'live') connection = told.live
  if (told.kind === 'update') lastId = told.id
  for (const listener of listeners) listener(told)
}
