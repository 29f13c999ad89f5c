import { describe, expect, it } from 'vitest'
import { units } from '../../i18n/en/common'
import { inbox as words } from '../../i18n/en/inbox'
import { defaultActionText } from './defaultAction'

const now = Date.parse('2030-01-31T12:00:00Z')
const around = { words, units, locale: 'en-US', now }
type Item = Parameters<typeof defaultActionText>[0]

const item = (fields: Partial<Item>): Item => ({
  kind: 'gate',
  defaultAction: 'nothing',
  at: null,
  task: null,
  machine: null,
  ...fields,
})
const machine = (status: string) => ({ status }) as Item['machine']

describe('what happens by itself', () => {
  it('says when, and how long that is', () => {
    const at = new Date(now + (3 * 60 + 48) * 60_000 + 31_000).toISOString()
    const { summary, detail } = defaultActionText(item({ defaultAction: 'fails', at }), around)
    expect(summary).toMatch(/^Fails at \d\d:\d\d$/)
    expect(detail).toBe('in 3 h 48 min')
  })
  it('is about to be what was to be by now', () => {
    const at = new Date(now - 1000).toISOString()
    expect(defaultActionText(item({ defaultAction: 'fails', at }), around).detail).toBe(
      'any moment now',
    )
  })
  it('tells what a question keeps', () => {
    const at = new Date(now + 60_000).toISOString()
    const task = { machineName: 'heron' } as Item['task']
    const { summary, detail } = defaultActionText(
      item({ kind: 'question', defaultAction: 'continues', at, task }),
      around,
    )
    expect(summary).toMatch(/^Continues at/)
    expect(detail).toBe('keeps its slot on heron')
  })
  it.each([
    [{ kind: 'gate' }, 'Waits', 'slot released'],
    [{ kind: 'failure' }, 'Stays failed', 'until someone retries it'],
    [{ kind: 'machine', machine: machine('offline') }, 'Stays offline', 'until it reconnects'],
    [
      { kind: 'machine', machine: machine('drained') },
      'Accepts no new tasks',
      'until someone undrains it',
    ],
    [{ kind: 'machine', machine: machine('online') }, 'Skips this agent', 'until it recovers'],
  ] as const)('%o waits as long as it takes', (fields, summary, detail) => {
    expect(defaultActionText(item(fields as Partial<Item>), around)).toEqual({ summary, detail })
  })
})
