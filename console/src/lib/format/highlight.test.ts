import { describe, expect, it } from 'vitest'
import { highlightMatches } from './highlight'

describe('marking what was searched for', () => {
  const hits = (text: string, q: string) =>
    highlightMatches(text, q)
      .map((piece) => (piece.isHit ? `[${piece.text}]` : piece.text))
      .join('')
  it.each([
    ['Round invoice lines', 'inv', 'Round [inv]oice lines'],
    ['Invalidate', 'inv', '[Inv]alidate'],
    ['a.b and a+b', 'a+b', 'a.b and [a+b]'],
    ['nothing', '', 'nothing'],
    ['one two', 'two one', '[one] [two]'],
    ['(x', '(', '[(]x'],
  ])('%s by %s', (text, q, marked) => expect(hits(text, q)).toBe(marked))
  it('loses no character', () => {
    expect(
      highlightMatches('aXbXc', 'x')
        .map((piece) => piece.text)
        .join(''),
    ).toBe('aXbXc')
  })
})
