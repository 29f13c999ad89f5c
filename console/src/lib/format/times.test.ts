import { describe, expect, it } from 'vitest'
import {
  formatDuration,
  formatExactTime,
  formatRoughDuration,
  formatTime,
  formatTimestamp,
  type Units,
} from './times'

const units: Units = {
  days: (n) => `${n} d`,
  hours: (n) => `${n} h`,
  minutes: (n) => `${n} min`,
  seconds: (n) => `${n} s`,
}
const S = 1000
const M = 60 * S
const H = 60 * M

describe('a duration', () => {
  it.each([
    [0, '0 s'],
    [200, '0.2 s'],
    [52 * S, '52 s'],
    [72 * S, '1 min 12 s'],
    [60 * S, '1 min'],
    [3 * H + 48 * M, '3 h 48 min'],
    [26 * H, '1 d 2 h'],
    [-5, '0 s'],
  ])('of %i ms is %s', (ms, text) => {
    expect(formatDuration(ms, units)).toBe(text)
  })
  it('that need not be exact has one unit below an hour', () => {
    expect(formatRoughDuration(3 * M + 20 * S, units)).toBe('3 min')
    expect(formatRoughDuration(H + 10 * M, units)).toBe('1 h 10 min')
  })
})

it('puts a space between a Chinese weekday and its time', () => {
  const [at, now] = [new Date(2026, 10, 25, 10, 5), new Date(2026, 10, 27)]
  expect(formatTime(at, 'zh-CN', now)).toBe('周三 10:05')
  expect(formatTimestamp(at, now, units, 'zh-CN')).toBe('周三 10:05')
})

describe('a moment', () => {
  const now = new Date(2026, 10, 27, 12, 0, 0)
  it.each([
    [new Date(2026, 10, 27, 11, 57), '3 min'],
    [new Date(2026, 10, 25, 10, 5), 'Wed 10:05'],
    [new Date(2026, 9, 3), 'Oct 3'],
    [new Date(2025, 9, 3), 'Oct 3, 2025'],
  ])('%s is told as %s', (at, text) => {
    expect(formatTimestamp(at, now, units, 'en-US')).toBe(text)
  })
})

it.each(['en-US', 'zh-CN', 'en-US'])('says the exact moment as %s writes it', (locale) => {
  const at = new Date(2026, 10, 27, 11, 57)
  expect(formatExactTime(at, locale)).toBe(
    at.toLocaleString(locale, { dateStyle: 'full', timeStyle: 'long' }),
  )
})
