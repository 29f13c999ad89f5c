import { expect, it } from 'vitest'
import { segments } from './segments'

it('a line is cut where its colour or its tint changes, and nothing of it is lost', () => {
  const found = segments(
    'return half(x)',
    [
      [6, 'k'],
      [1, ''],
      [4, 'f'],
      [3, ''],
    ],
    [
      [7, 12],
      [13, 14],
    ],
  )
  expect(found).toEqual([
    { text: 'return', tone: 'k', isChanged: false },
    { text: ' ', tone: '', isChanged: false },
    { text: 'half', tone: 'f', isChanged: true },
    { text: '(', tone: '', isChanged: true },
    { text: 'x', tone: '', isChanged: false },
    { text: ')', tone: '', isChanged: true },
  ])
})

it.each([
  ['without colours', 'abc', undefined, [[1, 2]], ['a', 'b', 'c']],
  ['with colours of less than the line', 'abcdef', [[2, 'k']], [], ['ab', 'cdef']],
  ['with colours of more than the line', 'ab', [[9, 'k']], [], ['ab']],
  ['of nothing', '', undefined, [], []],
] as const)('%s', (_, text, tones, ranges, pieces) => {
  const found = segments(
    text,
    tones as Parameters<typeof segments>[1],
    ranges.map(([from, to]) => [from, to]),
  )
  expect(found.map((one) => one.text)).toEqual(pieces)
})

it('an identifier of several scripts is marked up to its end', () => {
  const mixed = { from: 2, to: 6, scripts: ['Latn', 'Cyrl'] }
  expect(segments('a p\u0430yx', [[4, 'k']], [], [mixed])).toEqual([
    { text: 'a ', tone: 'k', isChanged: false },
    { text: 'p\u0430', tone: 'k', isChanged: false, mixed, isEnd: false },
    { text: 'yx', tone: '', isChanged: false, mixed, isEnd: true },
  ])
})
