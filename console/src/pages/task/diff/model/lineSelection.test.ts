import { expect, it } from 'vitest'
import {
  clearSelection,
  extendSelection,
  inputKey,
  isExtension,
  lastLineKey,
  selectLine,
} from './lineSelection'

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
  expect(extendSelection(selectLine(from), to)).toEqual(found)
})

it('the form stands under the last of them', () => {
  expect(lastLineKey({ side: 'old', line: 2, endLine: 7 })).toBe('old-7')
})

it.each([
  ['more lines of its side', 'new-4', 'new-9', true],
  ['its own line again', 'new-4', 'new-4', true],
  ['the other side', 'old-4', 'new-9', false],
  ['lines too far away', 'new-1', 'new-500', false],
])('a form is stretched to %s', (_, from, to, found) => {
  expect(isExtension(selectLine(from), extendSelection(selectLine(from), to))).toBe(found)
})

it('places that are written about have names of their own', () => {
  const lines = { side: 'new', line: 4, endLine: 9 } as const
  const places = [
    inputKey(7, 'c1'),
    inputKey(7, 'c1', 'a'),
    inputKey(7, 'c1', 'b', lines),
    inputKey(7, 'c1', 'a', lines),
    inputKey(7, 'c1', 'a', { ...lines, endLine: 4 }),
    inputKey(7, 'c2', 'a', lines),
    inputKey(8, 'c1', 'a', lines),
  ]
  expect(new Set(places).size).toBe(places.length)
})

it('a form that closes late takes no other with it', () => {
  const [first, second] = [selectLine('new-3'), selectLine('new-5')]
  expect(clearSelection(first, first)).toBeNull()
  expect(clearSelection(second, first)).toBe(second)
})
