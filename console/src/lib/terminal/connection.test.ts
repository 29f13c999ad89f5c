import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ConnectionUpdate, TerminalConnection } from './connection'

class FakeSocket {
  static instances: FakeSocket[] = []
  readyState = 1
  binaryType = ''
  sent: unknown[] = []
  isClosed = false
  onopen = () => {}
  onmessage = (_: { data: string | ArrayBuffer }) => {}
  onclose = (_: { code: number }) => {}
  constructor() {
    FakeSocket.instances.push(this)
  }
  send(data: unknown) {
    this.sent.push(typeof data === 'string' ? JSON.parse(data) : data)
  }
  close() {
    this.isClosed = true
  }
  frame(content: object) {
    this.onmessage({ data: JSON.stringify(content) })
  }
  bytes(count: number) {
    this.onmessage({ data: new Uint8Array(count).buffer })
  }
  ready(offset: number, attempt = 1) {
    this.frame({ type: 'ready', mode: 'control', cols: 80, rows: 24, offset, attempt })
  }
}

const last = () => FakeSocket.instances.at(-1) as FakeSocket
const auth = (socket: FakeSocket) => socket.sent[0] as { resumeFrom?: number; token: string }

let updates: ConnectionUpdate[]
let isThere: boolean
let line: TerminalConnection

async function connect(): Promise<FakeSocket> {
  line.start()
  await vi.advanceTimersByTimeAsync(0)
  last().onopen()
  return last()
}

const updatesOf = (kind: ConnectionUpdate['kind']) => updates.filter((one) => one.kind === kind)

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.instances = []
  updates = []
  isThere = true
  line = new TerminalConnection(
    {
      channel: async () => {
        if (!isThere) throw new Error('no network')
        return { token: 'bearer', channelToken: 'once', mode: 'control' }
      },
      open: () => new FakeSocket() as unknown as WebSocket,
      backoffMilliseconds: (failures) => failures * 1000,
    },
    (one) => updates.push(one),
  )
})
afterEach(() => {
  line.stop()
  vi.useRealTimers()
})

describe('a line to a terminal', () => {
  it('says its tokens in the first frame, and where it goes on from not before it has been there', async () => {
    const socket = await connect()
    expect(auth(socket)).toEqual({ type: 'auth', token: 'bearer', channelToken: 'once' })
  })

  it('comes back to the byte, and says that nothing was missed', async () => {
    const first = await connect()
    first.ready(100)
    first.bytes(30)
    first.onclose({ code: 1006 })
    expect(line.state).toMatchObject({ is: 'away' })
    await vi.advanceTimersByTimeAsync(1000)
    last().onopen()
    expect(auth(last()).resumeFrom).toBe(130)
    last().ready(130)
    last().bytes(12)
    await vi.advanceTimersByTimeAsync(3000)
    expect(updatesOf('back')).toEqual([
      { kind: 'back', back: { awayMilliseconds: 1000, bytes: 12, missed: null } },
    ])
    expect(updatesOf('clear')).toHaveLength(1)
    expect(line.position.offset).toBe(142)
  })

  it('does not continue in the next shell where the last one ended', async () => {
    const first = await connect()
    first.ready(0)
    first.bytes(10)
    first.onclose({ code: 4411 })
    expect(line.state).toEqual({ is: 'over', why: 'shell' })
    expect(FakeSocket.instances).toHaveLength(1)
    expect(auth(await connect())).not.toHaveProperty('resumeFrom')
  })

  it('says which bytes were missed, when the server has no unbroken run of them', async () => {
    const first = await connect()
    first.ready(0)
    first.bytes(10)
    first.onclose({ code: 1001 })
    await vi.advanceTimersByTimeAsync(1000)
    last().onopen()
    last().ready(10)
    last().frame({ type: 'gap', from: 10, to: 5000 })
    last().frame({ type: 'screen', offset: 5200, cols: 80, rows: 24, data: '' })
    await vi.advanceTimersByTimeAsync(3000)
    expect(updatesOf('back')).toMatchObject([{ back: { missed: { from: 10, to: 5200 } } }])
  })

  it('begins anew where another attempt runs, whose offsets are others', async () => {
    const first = await connect()
    first.ready(900)
    first.onclose({ code: 1006 })
    await vi.advanceTimersByTimeAsync(1000)
    last().onopen()
    last().ready(900, 2)
    await vi.advanceTimersByTimeAsync(0)
    last().onopen()
    expect(auth(last())).not.toHaveProperty('resumeFrom')
    last().ready(5, 2)
    expect(updatesOf('clear')).toMatchObject([{ attempt: 1 }, { attempt: 2 }])
    expect(updatesOf('back')).toEqual([])
  })

  it('waits longer after each failure, and tries at once when the browser wakes up', async () => {
    isThere = false
    line.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(line.state).toMatchObject({ is: 'away', triedAt: Date.now() + 1000 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(line.state).toMatchObject({ triedAt: Date.now() + 2000 })
    isThere = true
    line.handleWake()
    await vi.advanceTimersByTimeAsync(0)
    last().onopen()
    last().ready(0)
    expect(line.state).toMatchObject({ is: 'live', may: 'control' })
  })

  it('takes a line for dead on which the server has not even pinged', async () => {
    const socket = await connect()
    socket.ready(0)
    await vi.advanceTimersByTimeAsync(40_000)
    socket.frame({ type: 'ping' })
    expect(socket.sent.at(-1)).toEqual({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(44_000)
    expect(line.state.is).toBe('live')
    await vi.advanceTimersByTimeAsync(6_000)
    expect(socket.isClosed).toBe(true)
    expect(line.state.is).toBe('away')
  })

  it.each([
    [4403, 'forbidden'],
    [4404, 'missing'],
    [4409, 'attempt'],
    [4410, 'task'],
    [4429, 'full'],
  ])('closed with %i is over and not tried again: %s', async (code, why) => {
    const socket = await connect()
    socket.ready(0)
    socket.onclose({ code })
    expect(line.state).toEqual({ is: 'over', why })
    await vi.advanceTimersByTimeAsync(600_000)
    expect(FakeSocket.instances).toHaveLength(1)
  })

  it('tells what a flood had skipped', async () => {
    const socket = await connect()
    socket.ready(0)
    socket.bytes(10)
    socket.frame({ type: 'gap', from: 10, to: 3_000_000 })
    expect(updatesOf('skipped')).toEqual([{ kind: 'skipped', span: { from: 10, to: 3_000_000 } }])
  })

  it('hears nothing of a socket that it has left', async () => {
    const old = await connect()
    old.ready(0)
    line.start()
    await vi.advanceTimersByTimeAsync(0)
    old.bytes(99)
    old.onclose({ code: 4410 })
    expect(line.position.offset).toBe(0)
    expect(line.state.is).toBe('connecting')
  })

  it('counts every byte once, however it is cut', async () => {
    let seed = 11
    const next = (below: number) => {
      seed = (Math.imul(seed, 48271) >>> 0) % 2147483647
      return seed % below
    }
    let end = 0
    let socket = await connect()
    socket.ready(0)
    for (let round = 0; round < 300; round += 1) {
      for (let frame = next(4); frame > 0; frame -= 1) {
        const count = 1 + next(9000)
        socket.bytes(count)
        end += count
      }
      socket.onclose({ code: [1001, 1006, 1011][next(3)] as number })
      await vi.advanceTimersByTimeAsync(1000)
      socket = last()
      socket.onopen()
      expect(auth(socket).resumeFrom).toBe(end)
      socket.ready(end)
    }
    const position = updatesOf('bytes').reduce(
      (sum, one) => sum + (one.kind === 'bytes' ? one.bytes.length : 0),
      0,
    )
    expect(position).toBe(end)
  })
})
