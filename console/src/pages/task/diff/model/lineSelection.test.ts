import { expect, it } from 'vitest'
import {
  clearSelection,
  commentPlace,
  extendSelection,
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

it('a comment is about lines of one side, a file, or a whole commit', () => {
  const lines = { line: 4, endLine: 9 }
  const file = { path: 'a', blob: 'new', oldBlob: 'old' }
  expect(commentPlace('c')).toEqual({ commit: 'c', path: null })
  expect(commentPlace('c', file)).toEqual({ commit: 'c', path: 'a' })
  for (const side of ['new', 'old'] as const) {
    const about = { commit: 'c', path: 'a', side, ...lines, blob: side }
    expect(commentPlace('c', file, { side, ...lines })).toEqual(about)
  }
})

it('a form that closes late takes no other with it', () => {
  const [first, second] = [selectLine('new-3'), selectLine('new-5')]
  expect(clearSelection(first, first)).toBeNull()
  expect(clearSelection(second, first)).toBe(second)
})
