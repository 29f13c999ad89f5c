import { describe, expect, it } from 'vitest'
import { formatVariables, parseVariables, splitLines } from './lines'

describe('lists that are written one a line', () => {
  it('have no empty lines, but while somebody types', () => {
    expect(splitLines(' a \n\n b')).toEqual(['a', 'b'])
    expect(splitLines('a\n', { keepEmpty: true })).toEqual(['a', ''])
  })
  it('are variables where each has a name and a value', () => {
    expect(parseVariables('A=1\n\nB_2 = x=y')).toEqual({ A: '1', B_2: ' x=y' })
    expect(parseVariables('A=1\nnone')).toBe(2)
    expect(parseVariables('=x')).toBe(1)
    expect(parseVariables('')).toEqual({})
  })
  it('are written again as they were', () => {
    expect(formatVariables({ A: '1', B: 'x=y' })).toBe('A=1\nB=x=y')
  })
})
