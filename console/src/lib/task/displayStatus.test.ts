import { expect, it } from 'vitest'
import { displayStatus } from './displayStatus'

it.each([
  ['suspended', 'gate', 'needs'],
  ['suspended', 'question', 'needs'],
  ['suspended', 'budget', 'needs'],
  ['suspended', 'quota', 'waits'],
  ['suspended', 'machine_lost', 'waits'],
  ['running', null, 'running'],
  ['queued', null, 'queued'],
] as const)('%s by %s looks as %s', (status, suspendReason, look) => {
  expect(displayStatus({ status, suspendReason })).toBe(look)
})

it.each([
  [{ gate: {} }, 'needs'],
  [{ question: {} }, 'needs'],
  [{ gate: null, question: null }, 'waits'],
] as const)('a task of a lost machine with %j looks as %s', (asks, look) => {
  const task = { status: 'suspended', suspendReason: 'machine_lost', ...asks } as never
  expect(displayStatus(task)).toBe(look)
})

it('a queued task whose question is open needs a person', () => {
  const waitingFor = { reason: 'gate', nextAction: null, at: null } as const
  expect(displayStatus({ status: 'queued', suspendReason: null, waitingFor })).toBe('needs')
})
