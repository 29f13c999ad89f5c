import { describe, expect, it } from 'vitest'
import { revealInvisible, revealInvisibleParts } from './invisibleChars'
import cases from './invisibleCharsCases.json'

describe.each(cases as [string, string, string][])('%s', (_, text, revealed) => {
  it('is shown', () => expect(revealInvisible(text)).toBe(revealed))

  it('is shown likewise in pieces of one unit', () =>
    expect(revealInvisibleParts(text.split('')).join('')).toBe(revealed))
})

it('a piece is judged in its place', () => {
  expect(revealInvisibleParts(['👩', '\u200d', '💻 a', '\u200bb'])).toEqual([
    '👩',
    '\u200d',
    '💻 a',
    '⟨U+200B⟩b',
  ])
  expect(revealInvisibleParts(['a', '', 'b'])).toEqual(['a', '', 'b'])
})
