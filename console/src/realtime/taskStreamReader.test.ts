import { afterEach, expect, it, vi } from 'vitest'
import { TaskStreamReader } from './taskStreamReader'

const renewToken = vi.fn()
vi.mock('../auth/session', () => ({
  token: () => Promise.resolve('good'),
  renewToken: (spent: string) => renewToken(spent),
}))

type Asked = { path: string; headers: Record<string, string> }
const asked: Asked[] = []

/** Stubs the server's responses, in order. */
function answers(...those: Response[]): void {
  const left = [...those]
  vi.stubGlobal('fetch', (path: string, { headers }: { headers: Record<string, string> }) => {
    asked.push({ path, headers })
    return Promise.resolve(left.shift())
  })
}

afterEach(() => {
  asked.length = 0
  renewToken.mockClear()
  vi.unstubAllGlobals()
})

it('tells what comes, and goes on behind it', async () => {
  const heard: unknown[] = []
  const reader = new TaskStreamReader(7, (event, data) => heard.push([event, data]))
  answers(
    new Response('event: hello\nid: 3:1=9\ndata: {"events":3}\n\n: here\nid: 3:1=9\n\n'),
    new Response('event: events\nid: 4:1=9\ndata: [4]\n\n'),
  )
  expect([await reader.read(), await reader.read()]).toEqual([true, true])
  expect(heard).toEqual([
    ['open', null],
    ['hello', { events: 3 }],
    ['open', null],
    ['events', [4]],
  ])
  expect(asked.map(({ headers }) => headers['Last-Event-ID'])).toEqual([undefined, '3:1=9'])
  expect(asked[0]).toMatchObject({
    path: '/api/web/tasks/7/stream',
    headers: { Authorization: 'Bearer good' },
  })
})

it.each([
  [404, true],
  [403, true],
  [503, false],
  [429, false],
])('of a %i is refused: %s', async (status, isRefused) => {
  const reader = new TaskStreamReader(7, () => undefined)
  answers(new Response('', { status }))
  expect(await reader.read()).toBe(false)
  expect(reader.isRefused).toBe(isRefused)
})

it('asks for another token where this one is not good any more', async () => {
  const reader = new TaskStreamReader(7, () => undefined)
  answers(new Response('', { status: 401 }))
  await reader.read()
  expect(renewToken).toHaveBeenCalledWith('good')
})

it('is open while it reads, and can be closed', async () => {
  const reader = new TaskStreamReader(7, () => undefined)
  vi.stubGlobal(
    'fetch',
    (_: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
      }),
  )
  const read = reader.read()
  await Promise.resolve()
  expect(reader.isOpen).toBe(true)
  await new Promise((resolve) => setTimeout(resolve))
  reader.close()
  expect(await read).toBe(true)
  expect(reader.isOpen).toBe(false)
})
