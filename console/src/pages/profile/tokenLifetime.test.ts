import { expect, test } from 'vitest'
import { expiryAfter } from './tokenLifetime'

const now = new Date('2026-11-27T12:00:00Z')

test('a token ends after as many days as were chosen', () => {
  expect(expiryAfter('7', now)).toBe('2026-12-04T12:00:00.000Z')
})

test('without a choice the server decides', () => {
  expect(expiryAfter('', now)).toBeNull()
})
