import { describe, expect, it } from 'vitest'
import { changedRanges, pairLines, splitWords } from './wordDiff'

const changedTexts = (text: string, other: string) =>
  changedRanges(text, other).map(([from, to]) => text.slice(from, to))

describe('the words that differ', () => {
  it.each([
    ['from money import half_even', 'from money import round_cents', ['half_even']],
    ['x = half(a)', 'x = a', ['half(', ')']],
    ['a b c', 'a b c', []],
    ['    if x:', '  if x:', ['    ']],
    ['总数 = 一', '总数 = 二', ['一']],
  ])('of %j beside %j are %j', (text, other, found) => {
    expect(changedTexts(text, other)).toEqual(found)
  })
  it('are none where nearly all is another', () => {
    expect(changedTexts('alpha beta gamma', 'one two three')).toEqual([])
  })
  it('are one where only white space lies between', () => {
    expect(changedTexts('f(new name, x)', 'f(old thing, x)')).toEqual(['new name'])
  })
  it('are not sought in lines of a thousand characters', () => {
    expect(changedRanges(`${'a '.repeat(600)}b`, `${'a '.repeat(600)}c`)).toEqual([])
  })
})

it('words are names, gaps, and signs one by one', () => {
  expect(splitWords('a_1 += "é"')).toEqual(['a_1', ' ', '+', '=', ' ', '"', 'é', '"'])
})

describe('pairs of lines', () => {
  it('keep their order, and leave out what is like nothing', () => {
    const old = ['total = a + b', 'return total']
    const fresh = ['# a comment of its own', 'total = a - b', '', 'return total + 1']
    expect(pairLines(old, fresh)).toEqual([
      [0, 1],
      [1, 3],
    ])
  })
  it('are those that are the most alike', () => {
    expect(pairLines(['a b c d'], ['a b x y', 'a b c e'])).toEqual([[0, 1]])
  })
  it('of very many lines are taken one by one, where there are as many', () => {
    const many = Array.from({ length: 50 }, (_, n) => `line ${n}`)
    expect(pairLines(many, many)).toHaveLength(50)
    expect(pairLines(many, many.slice(1))).toEqual([])
  })
})
