import { expect, it } from 'vitest'
import { lineHash, parseLineHash, selectLines } from './lineLink'

it.each([
  ['#L120', { first: 119, last: 119 }],
  ['L1', { first: 0, last: 0 }],
  ['#L120-L140', { first: 119, last: 139 }],
  ['#L140-120', { first: 119, last: 139 }],
  ['#L0', null],
  ['#Lx', null],
  ['#main', null],
  ['', null],
])('%s', (hash, lines) => {
  expect(parseLineHash(hash)).toEqual(lines)
  if (lines) expect(parseLineHash(lineHash(lines))).toEqual(lines)
})

it('Shift means all from one line to the other', () => {
  expect(selectLines(5, null, true)).toEqual({ first: 5, last: 5 })
  expect(selectLines(5, { first: 9, last: 9 }, true)).toEqual({ first: 5, last: 9 })
  expect(selectLines(5, { first: 9, last: 9 }, false)).toEqual({ first: 5, last: 5 })
})
