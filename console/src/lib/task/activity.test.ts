import { expect, it } from 'vitest'
import { units } from '../../i18n/en/common'
import { statusText as words } from '../../i18n/en/statusText'
import { type Activity, activityText } from './activity'

const now = Date.parse('2030-01-31T12:10:00Z')
const before = (seconds: number) => new Date(now - seconds * 1000).toISOString()
const text = (activity: Partial<Activity> | null) =>
  activityText(activity as Activity | null, { words, units, now })
const none = { kind: null, title: null, startedAt: null, quietSince: null }

it('tells what runs, and for how long', () => {
  const npm = { ...none, title: 'npm test', startedAt: before(14) }
  expect(text({ ...npm, kind: 'command' })).toBe('runs npm test, 14 s')
  expect(text({ ...npm, kind: 'edit' })).toBe('edits npm test, 14 s')
  expect(text({ ...npm, kind: 'tool', startedAt: before(72) })).toBe('uses npm test, 1 min 12 s')
})

it('tells that nothing was reported for long, with what runs', () => {
  expect(text({ ...none, quietSince: before(400) })).toBe('nothing reported for 6 min')
  const run = { kind: 'command', title: 'sleep 600', startedAt: before(420) } as const
  expect(text({ ...run, quietSince: before(360) })).toBe(
    'runs sleep 600, 7 min; nothing reported for 6 min',
  )
})

it('is empty if nothing is known', () => {
  expect([text(null), text(none)]).toEqual(['', ''])
})

it('shortens long commands', () => {
  const long = text({ ...none, kind: 'command', title: 'x'.repeat(100), startedAt: before(1) })
  expect(long).toBe(`runs ${'x'.repeat(59)}…, 1 s`)
})
