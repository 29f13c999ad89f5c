import { describe, expect, it } from 'vitest'
import { seen, seenPieces } from './seen'
import cases from './seenCases.json'

describe.each(cases as [string, string, string][])('%s', (_, text, shown) => {
  it('is shown', () => expect(seen(text)).toBe(shown))

  it('is shown likewise in pieces of one unit', () =>
    expect(seenPieces(text.split('')).join('')).toBe(shown))
})

it('a piece is judged in its place', () => {
  expect(seenPieces(['👩', '\u200d', '💻 a', '\u200bb'])).toEqual([
    '👩',
    '\u200d',
    '💻 a',
    '⟨U+200B⟩b',
  ])
  expect(seenPieces(['a', '', 'b'])).toEqual(['a', '', 'b'])
})
