import { describe, expect, it } from 'vitest'
import { formatBytes, formatCompact, formatInteger, formatMoney, formatPercent } from './numbers'

describe('numbers', () => {
  it.each([
    [formatInteger(48120, 'en-US'), '48,120'],
    [formatCompact(1_512_345, 'en-US'), '1.51 M'],
    [formatCompact(620_000, 'en-US'), '620 k'],
    [formatCompact(42, 'en-US'), '42'],
    [formatBytes(412_345_678, 'en-US'), '412 MB'],
    [formatBytes(0, 'en-US'), '0 B'],
    [formatMoney(0.47, 'en-US'), '$0.47'],
    [formatPercent(0.614, 'en-US'), '61 %'],
  ])('%s', (formatted, expected) => {
    expect(formatted).toBe(expected)
  })
})
