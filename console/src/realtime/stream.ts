/** One connection to the server's update stream for all tabs of a browser: the tab that holds a
 *  lock reads the stream and broadcasts it. When that tab closes, its lock is released and another
 *  tab takes over. */
import { createParser } from 'eventsource-parser'
import { isSignedIn, onSessionChange, renewToken, token } from '../auth/session'
import { backoffMilliseconds } from './backoff'
import type { StreamUpdate } from './updates'

export type ConnectionStatus = {
  isLive: boolean
  since: number
  triedAgainAt: number | null
  /** The console's build on the server, if it has one. */
  build: string | null
}
type TabMessage =
  | { kind: 'update'; update: StreamUpdate; id: string | null }
  | { kind: 'reset' }
  | { kind: 'live'; live: ConnectionStatus }
  | { kind: 'asked' }

/** The server sends something every 15 s. After this much silence the connection is dead, even if
 *  the browser still shows it as open, as after the machine slept. */
const SILENCE_TIMEOUT_MILLISECONDS = 40_000

const STABLE_MILLISECONDS = 5000

const tabs = new BroadcastChannel('muster-live')
const listeners = new Set<(message: TabMessage) => void>()
let connection: ConnectionStatus = {
  isLive: false,
  since: Date.now(),
  triedAgainAt: null,
  build: null,
}
let isLeader = false
/** The ID of the last update that this browser received, in any tab. */
let lastId: string | null = null

tabs.onmessage = ({ data }: MessageEvent<TabMessage>) => {
  if (data.kind === 'asked') {
    if (isLeader) tabs.postMessage({ kind: 'live', live: connection } satisfies TabMessage)
  } else receive(data)
}

/** Starts the stream, once per tab. It runs until the tab closes. */
export function startStream(): void {
  tabs.postMessage({ kind: 'asked' } satisfies TabMessage)
  // The next user has missed no updates.
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

/** Calls `onUpdate` for each update, and `onReset` if so many were missed that lists must be
 *  fetched again. Returns the unsubscribe function. */
export function onStreamUpdate(
  onUpdate: (update: StreamUpdate) => void,
  onReset: () => void,
): () => void {
  const listener = (message: TabMessage) => {
    if (message.kind === 'update') onUpdate(message.update)
    if (message.kind === 'reset') onReset()
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function onConnectionChange(listener: () => void): () => void {
  const handleMessage = (message: TabMessage) => message.kind === 'live' && listener()
  listeners.add(handleMessage)
  return () => listeners.delete(handleMessage)
}

export function connectionStatus(): ConnectionStatus {
  return connection
}

/** Reads until the stream ends or another user signs in. Returns whether it was stable for a while:
 *  one that ends right after it started isn't retried immediately. */
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

/** Reads `body` to its end; gives up after too much silence. */
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
  const headers: Record<string, string> = { Authorization: `Bearer ${bearer}` }
  return lastId === null ? headers : { ...headers, 'Last-Event-ID': lastId }
}

/** Waits until it is time to retry, or until the browser is online or awake again. */
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

function broadcast(message: TabMessage): void {
  tabs.postMessage(message)
  receive(message)
}

function receive(message: TabMessage): void {
  if (message.kind === 'live') connection = message.live
  if (message.kind === 'update') lastId = message.id
  for (const listener of listeners) listener(message)
}
