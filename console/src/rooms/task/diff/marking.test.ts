import { expect, it } from 'vitest'
import { endOf, markedAt, stretched, unmarked } from './marking'

it.each([
  ['down', 'new-4', 'new-9', { side: 'new', line: 4, endLine: 9 }],
  ['up', 'new-9', 'new-4', { side: 'new', line: 4, endLine: 9 }],
  ['to the other side: anew', 'old-4', 'new-9', { side: 'new', line: 9, endLine: 9 }],
  [
    'over more than a comment may be about: anew',
    'new-1',
    'new-500',
    { side: 'new', line: 500, endLine: 500 },
  ],
])('lines are marked %s', (_, from, to, found) => {
  expect(stretched(markedAt(from), to)).toEqual(found)
})

it('the form stands under the last of them', () => {
  expect(endOf({ side: 'old', line: 2, endLine: 7 })).toBe('old-7')
})

it('a form that closes late takes no other with it', () => {
  const [first, second] = [markedAt('new-3'), markedAt('new-5')]
  expect(unmarked(first, first)).toBeNull()
  expect(unmarked(second, first)).toBe(second)
})
