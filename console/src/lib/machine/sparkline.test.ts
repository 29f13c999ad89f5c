import { describe, expect, it } from 'vitest'
import { areaPaths } from './sparkline'

const NOW = Date.parse('2030-01-31T12:00:00Z')
const HALF_HOUR = 30 * 60_000
const ago = (halfHours: number) => new Date(NOW - halfHours * HALF_HOUR).toISOString()

describe('the chart of a day', () => {
  it('is from the left, a day ago, to the right, now, between 0 and 100 %', () => {
    expect(areaPaths([ago(48), ago(47)], [0, 100], NOW, HALF_HOUR)).toEqual([
      '0,42 0,42 5,2.5 10,2.5 10,42',
    ])
  })
  it('has a gap where nothing was heard, and where nothing was said', () => {
    expect(areaPaths([ago(10), ago(5)], [50, 50], NOW, HALF_HOUR)).toHaveLength(2)
    expect(areaPaths([ago(3), ago(2), ago(1)], [50, null, 50], NOW, HALF_HOUR)).toHaveLength(2)
  })
  it('ends now', () => {
    expect(areaPaths([ago(0.2)], [50], NOW, HALF_HOUR)[0]).toMatch(/240,42$/)
  })
  it('is nothing of nothing', () => {
    expect(areaPaths([], [], NOW, HALF_HOUR)).toEqual([])
  })
})
