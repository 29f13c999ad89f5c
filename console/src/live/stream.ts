/** One connection to the server's news for all tabs of a browser: the tab that holds a lock reads
 *  the stream and tells the others. Whoever dies lets go of the lock, and the next goes on. */
import { createParser } from 'eventsource-parser'
import { isSignedIn, onChange, renewed, token } from '../session/session'
import type { News } from './news'
import { pauseBefore } from './pause'

export type Live = {
  isLive: boolean
  since: number
  triedAgainAt: number | null
  /** The console's build that the server has at present, where it has one. */
  build: string | null
}
type Told =
  | { kind: 'news'; news: News; id: string | null }
  | { kind: 'reset' }
  | { kind: 'live'; live: Live }
  | { kind: 'asked' }

/** The server says something each 15 s. After so much silence the line is dead, whatever the browser
 *  believes: a machine that slept wakes up with such a one. */
const SILENCE_MILLISECONDS = 40_000

const WELL_MILLISECONDS = 5000

const tabs = new BroadcastChannel('muster-live')
const listeners = new Set<(told: Told) => void>()
let live: Live = { isLive: false, since: Date.now(), triedAgainAt: null, build: null }
let isLeader = false
/** Up to where this browser knows the news, whichever tab has read them. */
let lastId: string | null = null

tabs.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data.kind === 'asked') {
    if (isLeader) tabs.postMessage({ kind: 'live', live } satisfies Told)
  } else hear(data)
}

/** Begin, once a tab. Goes on until the tab is closed. */
export function begin(): void {
  tabs.postMessage({ kind: 'asked' } satisfies Told)
  // Whoever comes next has missed nothing.
  onChange(() => {
    if (!isSignedIn()) lastId = null
  })
  void navigator.locks.request('muster-live', async () => {
    isLeader = true
    for (let failures = 0; ; ) {
      await untilSignedIn()
      failures = (await readOnce()) ? 0 : failures + 1
      await pause(failures)
    }
  })
}

/** Tell `news` of each news, and `reset` when so much was missed that lists have to be read anew. */
export function onNews(news: (news: News) => void, reset: () => void): () => void {
  const listener = (told: Told) => {
    if (told.kind === 'news') news(told.news)
    if (told.kind === 'reset') reset()
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function onLive(listener: () => void): () => void {
  const heard = (told: Told) => told.kind === 'live' && listener()
  listeners.add(heard)
  return () => listeners.delete(heard)
}

export function liveNow(): Live {
  return live
}

/** Read until the stream ends, or another one is signed in. Whether it had gone well for a while: one
 *  that ends as soon as it has begun is not tried again at once. */
async function readOnce(): Promise<boolean> {
  let hasBegun = false
  const since = Date.now()
  const wentWell = () => hasBegun && Date.now() - since > WELL_MILLISECONDS
  const line = new AbortController()
  const stop = onChange(() => line.abort())
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (id) lastId = id
      hasBegun = true
      if (event === 'reset') tell({ kind: 'reset' })
      if (event === 'hello' || event === 'news' || event === 'reset') {
        setLive({ isLive: true, triedAgainAt: null })
        tell({ kind: 'news', news: JSON.parse(data) as News, id: lastId })
      }
    },
  })
  try {
    const bearer = await token()
    if (bearer === null) return true
    const answer = await fetch('/api/web/stream', {
      headers: headers(bearer),
      cache: 'no-store',
      signal: line.signal,
    })
    if (answer.status === 401) await renewed(bearer)
    setLive({ build: answer.headers.get('X-Muster-Build') ?? live.build })
    if (!answer.ok || answer.body === null) return false
    await fed(answer.body, parser.feed, () => line.abort())
  } catch {
    return wentWell()
  } finally {
    stop()
  }
  return wentWell()
}

/** Read `body` to its end, as long as it says something now and then. */
async function fed(body: ReadableStream, feed: (text: string) => void, giveUp: () => void) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let watch = setTimeout(giveUp, SILENCE_MILLISECONDS)
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      clearTimeout(watch)
      watch = setTimeout(giveUp, SILENCE_MILLISECONDS)
      feed(read.value)
    }
  } finally {
    clearTimeout(watch)
  }
}

function headers(bearer: string): Record<string, string> {
  const told: Record<string, string> = { Authorization: `Bearer ${bearer}` }
  return lastId === null ? told : { ...told, 'Last-Event-ID': lastId }
}

/** Until it is time to try again, or the browser is back on the network or awake. */
function pause(failures: number): Promise<void> {
  const milliseconds = pauseBefore(failures)
  if (failures > 0) {
    setLive({ isLive: false, triedAgainAt: Date.now() + milliseconds })
  }
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer)
      removeEventListener('online', go)
      resolve()
    }
    const timer = setTimeout(go, milliseconds)
    addEventListener('online', go)
  })
}

function untilSignedIn(): Promise<void> {
  if (isSignedIn()) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = onChange(() => {
      if (!isSignedIn()) return
      stop()
      resolve()
    })
  })
}

function setLive(change: Partial<Live>): void {
  const now = { ...live, ...change }
  if (JSON.stringify(now) === JSON.stringify(live)) return
  if (now.isLive !== live.isLive) now.since = Date.now()
  tell({ kind: 'live', live: now })
}

function tell(told: Told): void {
  tabs.postMessage(told)
  hear(told)
}

function hear(told: Told): void {
  if (told.kind === 'live') live = told.live
  if (told.kind === 'news') lastId = told.id
  for (const listener of listeners) listener(told)
}
