import { expect, test } from 'vitest'
import { formatDuration, joinDuration, setField, splitDuration } from './durations'

const [seconds, hours, days] = ['seconds', 'hours', 'days'].map((unit) => ({ unit }))

test.each([
  [seconds, 86_400, '1:0:0'],
  [seconds, 90, '0:0:1.5'],
  [seconds, 100_800 + 300, '1:4:5'],
  [hours, 72, '3:0'],
  [hours, 25, '1:1'],
  [days, 90, '90'],
])('%o: %d is entered as %s, and comes back exactly', (setting = { unit: '' }, value, text) => {
  expect(splitDuration(value, setting)).toBe(text)
  expect(joinDuration(text, setting)).toBe(value)
})

test('half a day is 12 hours, and an emptied field counts as none', () => {
  expect(joinDuration('0.5:', { unit: 'hours' })).toBe(12)
  expect(joinDuration(':', { unit: 'hours' })).toBeNull()
  expect(joinDuration('0.1::', { unit: 'seconds' })).toBe(8640)
})

test('one field changes, and the others stay', () => {
  expect(setField('1:0:0', 1, '12')).toBe('1:12:0')
})

test('durations are read in words', () => {
  expect(formatDuration(86_400, { unit: 'seconds' }, 'en-US')).toBe('1 day')
  expect(formatDuration(30, { unit: 'hours' }, 'en-US')).toBe('1 day 6 hours')
  expect(formatDuration(60, { unit: 'seconds' }, 'en-US')).toBe('1 minute')
  expect(formatDuration(0, { unit: 'days' }, 'en-US')).toBe('0 days')
  expect(formatDuration(30, { unit: 'hours' }, 'zh-CN')).toBe('1天6小时')
})
