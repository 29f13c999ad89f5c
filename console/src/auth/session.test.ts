import { afterEach, beforeEach, expect, it, vi } from 'vitest'

type Tab = { onmessage: ((message: { data: unknown }) => void) | null }
const tabs: Tab[] = []
/** The server's responses, by the last segment of the path. */
const answers = new Map<string, () => Promise<unknown>>()
const asked: string[] = []
const signals: unknown[] = []

const tokenOf = (sub: string) =>
  `x.${btoa(JSON.stringify({ sub, iat: 0, exp: 900, at: Math.random() }))}.y`
const fresh = (sub: string) => () => Promise.resolve({ accessToken: tokenOf(sub) })
const publishFromAnotherTab = (token: string | null) => {
  for (const { onmessage } of tabs) onmessage?.({ data: { token } })
}

beforeEach(() => {
  vi.resetModules()
  tabs.length = 0
  asked.length = 0
  signals.length = 0
  let line: Promise<unknown> = Promise.resolve()
  const request = (_name: string, act: () => Promise<unknown>) => {
    line = line.catch(() => undefined).then(act)
    return line
  }
  vi.stubGlobal('navigator', { locks: { request } })
  vi.stubGlobal(
    'BroadcastChannel',
    class implements Tab {
      onmessage = null
      constructor() {
        tabs.push(this)
      }
      postMessage() {}
    },
  )
  vi.stubGlobal('fetch', async (path: string, { signal }: RequestInit) => {
    signals.push(signal)
    const what = path.split('/').at(-1) ?? ''
    asked.push(what)
    return Response.json((await answers.get(what)?.()) ?? {})
  })
})

afterEach(() => vi.unstubAllGlobals())

it('tells of another person in one’s place, and not of another token', async () => {
  const session = await import('./session')
  const heard: (string | null)[] = []
  session.onSessionChange(() => heard.push(session.signedInUser()))
  answers.set('refresh', fresh('1'))
  await session.token()
  publishFromAnotherTab(tokenOf('1'))
  publishFromAnotherTab(tokenOf('2'))
  publishFromAnotherTab(null)
  expect(heard).toEqual(['1', '2', null])
})

it('signs out after a renewal that is under way, which else would bring the login back', async () => {
  const session = await import('./session')
  let answer: () => void = () => undefined
  const token = tokenOf('1')
  answers.set('refresh', () => new Promise((done) => (answer = () => done({ accessToken: token }))))
  const renewal = session.token()
  const out = session.signOut()
  await vi.waitFor(() => expect(asked).toEqual(['refresh']))
  answer()
  await Promise.all([renewal, out])
  expect(asked).toEqual(['refresh', 'logout'])
  expect(session.isSignedIn()).toBe(false)
})

it('has nobody signed in, and asks for nothing, where browsers have no locks', async () => {
  vi.stubGlobal('navigator', {})
  const session = await import('./session')
  expect(session.hasSecureContext()).toBe(false)
  expect(await session.token()).toBeNull()
  expect(asked).toEqual([])
})

it('gives up a request that is never answered, for all tabs wait for it', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout')
  const session = await import('./session')
  answers.set('refresh', fresh('1'))
  await session.token()
  expect(signals).toEqual([timeout.mock.results[0]?.value])
})
