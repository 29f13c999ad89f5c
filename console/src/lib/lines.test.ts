import { describe, expect, it } from 'vitest'
import { lined, variablesOf, variablesWritten } from './lines'

describe('lists that are written one a line', () => {
  it('have no empty lines, but while somebody types', () => {
    expect(lined(' a \n\n b')).toEqual(['a', 'b'])
    expect(lined('a\n', { keepEmpty: true })).toEqual(['a', ''])
  })
  it('are variables where each has a name and a value', () => {
    expect(variablesOf('A=1\n\nB_2 = x=y')).toEqual({ A: '1', B_2: ' x=y' })
    expect(variablesOf('A=1\nnone')).toBe(2)
    expect(variablesOf('=x')).toBe(1)
    expect(variablesOf('')).toEqual({})
  })
  it('are written again as they were', () => {
    expect(variablesWritten({ A: '1', B: 'x=y' })).toBe('A=1\nB=x=y')
  })
})
