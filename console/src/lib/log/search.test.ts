import { describe, expect, it } from 'vitest'
import { LogSearch, nextMatch } from './search'

const bytes = (text: string) => new TextEncoder().encode(text)

function found(words: string, text: string, piece = 1_000_000) {
  const search = new LogSearch(words)
  const all = bytes(text)
  for (let at = 0; at < all.length; at += piece) search.add(all.subarray(at, at + piece))
  search.end()
  return search
}

describe('looking through a log', () => {
  const text = 'one\ntwo \u001b[31mERR\u001b[0mor\n\nthree é error error\nlast Error'

  it('finds lines by what they show, in any letter case, each once', () => {
    expect(found('error', text).lines).toEqual([1, 3, 4])
    expect(found('ERROR', text).count).toBe(3)
    expect(found('[31m', text).lines).toEqual([])
    expect(found('é', text).lines).toEqual([3])
    expect(found('nothing', text).lines).toEqual([])
  })

  it.each([1, 2, 3, 7, 13])('finds the same in pieces of %i bytes', (piece) => {
    expect(found('error', text, piece).lines).toEqual([1, 3, 4])
    expect(found('é', text, piece).lines).toEqual([3])
  })

  it('counts lines as the server does', () => {
    expect(found('x', 'x\n\n\nx\n').lines).toEqual([0, 3])
  })
})

it('goes round from one to the next', () => {
  expect(nextMatch([3, 7, 9], 3, false)).toBe(1)
  expect(nextMatch([3, 7, 9], 9, false)).toBe(0)
  expect(nextMatch([3, 7, 9], 7, true)).toBe(0)
  expect(nextMatch([3, 7, 9], 3, true)).toBe(2)
  expect(nextMatch([3, 7, 9], 100, true)).toBe(2)
  expect(nextMatch([], 3, false)).toBe(-1)
})
