import { expect, it } from 'vitest'
import { lookOf } from './status'

it.each([
  ['suspended', 'gate', 'needs'],
  ['suspended', 'question', 'needs'],
  ['suspended', 'budget', 'needs'],
  ['suspended', 'quota', 'waits'],
  ['suspended', 'machine_lost', 'waits'],
  ['running', null, 'running'],
  ['queued', null, 'queued'],
] as const)('%s by %s looks as %s', (status, suspendReason, look) => {
  expect(lookOf({ status, suspendReason })).toBe(look)
})
