import { expect, it } from 'vitest'
import { Once } from './once'

it('gives what is sent again the same key, until it was taken', () => {
  const once = new Once()
  const key = once.keyOf({ body: 'Why?' })
  expect(once.keyOf({ body: 'Why?' })).toBe(key)
  once.taken()
  expect(once.keyOf({ body: 'Why?' })).not.toBe(key)
})

it('gives what was changed another key: it would be refused under the first', () => {
  const once = new Once()
  const key = once.keyOf({ body: 'Why?' })
  expect(once.keyOf({ body: 'Why not?' })).not.toBe(key)
})
