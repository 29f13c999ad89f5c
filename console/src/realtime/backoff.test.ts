import { describe, expect, it } from 'vitest'
import { backoffMilliseconds } from './backoff'

describe('the pause before a stream is tried again', () => {
  it('grows with each failure, up to half a minute', () => {
    expect([1, 2, 3, 9, 99].map((n) => backoffMilliseconds(n, 1))).toEqual([
      1000, 2000, 4000, 30000, 30000,
    ])
  })
  it('is never as long for two by design', () => {
    expect(backoffMilliseconds(3, 0)).toBe(2000)
    expect(backoffMilliseconds(3, 0.5)).toBe(3000)
  })
  it('is next to nothing after one that ended well', () => {
    expect(backoffMilliseconds(0, 1)).toBe(200)
  })
})
