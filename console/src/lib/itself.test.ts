// biome-ignore-all lint/suspicious/noThenProperty: the contract calls the field so
import { describe, expect, it } from 'vitest'
import { units } from '../words/en/common'
import { needs as words } from '../words/en/needs'
import { itself } from './itself'

const now = Date.parse('2030-01-31T12:00:00Z')
const around = { words, units, locale: 'en-GB', now }
type Item = Parameters<typeof itself>[0]

const item = (said: Partial<Item>): Item => ({
  kind: 'gate',
  then: 'nothing',
  at: null,
  task: null,
  machine: null,
  ...said,
})
const machine = (status: string) => ({ status }) as Item['machine']

describe('what happens by itself', () => {
  it('says when, and how long that is', () => {
    const at = new Date(now + (3 * 60 + 48) * 60_000 + 31_000).toISOString()
    const { says, aside } = itself(item({ then: 'fails', at }), around)
    expect(says).toMatch(/^Fails at \d\d:\d\d$/)
    expect(aside).toBe('in 3 h 48 min')
  })
  it('is about to be what was to be by now', () => {
    const at = new Date(now - 1000).toISOString()
    expect(itself(item({ then: 'fails', at }), around).aside).toBe('any moment now')
  })
  it('tells what a question keeps', () => {
    const at = new Date(now + 60_000).toISOString()
    const task = { machineName: 'heron' } as Item['task']
    const { says, aside } = itself(item({ kind: 'question', then: 'goes_on', at, task }), around)
    expect(says).toMatch(/^Goes on at/)
    expect(aside).toBe('keeps its slot on heron')
  })
  it.each([
    [{ kind: 'gate' }, 'Waits', 'holds no slot'],
    [{ kind: 'failure' }, 'Stays failed', 'until somebody retries it'],
    [
      { kind: 'machine', machine: machine('offline') },
      'Does nothing',
      'until it is heard of again',
    ],
    [
      { kind: 'machine', machine: machine('drained') },
      'Takes no new task',
      'until somebody undrains it',
    ],
    [
      { kind: 'machine', machine: machine('online') },
      'Goes on without it',
      'until the machine finds it well',
    ],
  ] as const)('%o waits as long as it takes', (said, says, aside) => {
    expect(itself(item(said as Partial<Item>), around)).toEqual({ says, aside })
  })
})
