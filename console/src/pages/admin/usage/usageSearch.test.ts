import { expect, test } from 'vitest'
import { usageFilter } from './usageSearch'

const today = new Date('2026-11-27T12:00:00Z')

test('without a word it is this month, by project', () => {
  expect(usageFilter({}, today)).toEqual({ groupBy: 'project', from: '2026-11-01' })
})

test('what the URL says counts', () => {
  const search = { by: 'day', from: '2026-10-02', to: '2026-10-03', project: 'WEB' }
  expect(usageFilter(search, today)).toEqual({
    groupBy: 'day',
    from: '2026-10-02',
    to: '2026-10-03',
    project: 'WEB',
  })
})

test('what makes no sense is as if it were not there', () => {
  expect(usageFilter({ by: 'moon', from: '2026-99-99' }, today)).toEqual({
    groupBy: 'project',
    from: '2026-11-01',
  })
})
