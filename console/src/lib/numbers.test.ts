import { describe, expect, it } from 'vitest'
import { bytes, money, percent, short, whole } from './numbers'

describe('numbers', () => {
  it.each([
    [whole(48120, 'en-GB'), '48,120'],
    [short(1_512_345, 'en-GB'), '1.51 M'],
    [short(620_000, 'en-GB'), '620 k'],
    [short(42, 'en-GB'), '42'],
    [bytes(412_345_678, 'en-GB'), '412 MB'],
    [bytes(0, 'en-GB'), '0 B'],
    [money(0.47, 'en-GB'), '$0.47'],
    [percent(0.614, 'en-GB'), '61 %'],
  ])('%s', (said, expected) => {
    expect(said).toBe(expected)
  })
})
