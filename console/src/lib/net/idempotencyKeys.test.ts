import { expect, it } from 'vitest'
import { IdempotencyKeys } from './idempotencyKeys'

it('gives what is sent again the same key, until it was taken', () => {
  const once = new IdempotencyKeys()
  const key = once.keyFor({ body: 'Why?' })
  expect(once.keyFor({ body: 'Why?' })).toBe(key)
  once.reset()
  expect(once.keyFor({ body: 'Why?' })).not.toBe(key)
})

it('gives what was changed another key: it would be refused under the first', () => {
  const once = new IdempotencyKeys()
  const key = once.keyFor({ body: 'Why?' })
  expect(once.keyFor({ body: 'Why not?' })).not.toBe(key)
})
