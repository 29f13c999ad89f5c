import { beforeEach, expect, it, vi } from 'vitest'
import type { ConnectionState, ConnectionUpdate } from '../../../lib/terminal/connection'
import { TerminalSession } from './terminalSession'
import type { Xterm } from './xterm'

const sendInput = vi.fn()
const send = vi.fn()
let receive: (update: ConnectionUpdate) => void

vi.mock('../../../lib/terminal/connection', () => ({
  TerminalConnection: class {
    state = { is: 'over', why: 'none' }
    sendInput = sendInput
    send = send
    constructor(_: object, listener: typeof receive) {
      receive = listener
    }
  },
}))

const setInputEnabled = vi.fn()
let type: (keys: string) => void

function open(isRead: boolean): TerminalSession {
  const xterm = {
    onInput: (listener: typeof type) => {
      type = listener
    },
    proposeDimensions: () => ({ cols: 100, rows: 30 }),
    setInputEnabled,
  }
  const session = new TerminalSession(7, xterm as unknown as Xterm)
  session.setRead(isRead)
  session.scheduleFit({ width: 900, height: 600 })
  const people = [{ name: 'Mei', mode: 'control', isYou: true }]
  const live = { is: 'live', mode: 'control', may: 'control', cols: 80, rows: 24, people }
  receive({ kind: 'state', state: live as ConnectionState })
  vi.runAllTimers()
  type('ls\n')
  return session
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
})

it('what is typed goes to a program that may read it', () => {
  expect(open(true).controls).toBe(true)
  expect(sendInput).toHaveBeenCalledWith('ls\n')
})

it('nothing typed goes to an agent that reads nothing, but the window decides its size', () => {
  expect(open(false).controls).toBe(false)
  expect(sendInput).not.toHaveBeenCalled()
  expect(setInputEnabled).not.toHaveBeenCalledWith(true)
  expect(send).toHaveBeenCalledWith({ type: 'resize', cols: 100, rows: 30 })
})

it('the next stage may read what is typed', () => {
  const session = open(false)
  session.setRead(true)
  type('make test\n')
  expect(sendInput).toHaveBeenCalledExactlyOnceWith('make test\n')
  expect(setInputEnabled).toHaveBeenLastCalledWith(true)
})
