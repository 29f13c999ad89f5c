import { describe, expect, it } from 'vitest'
import { resolveSelection, stepSelection } from './selection'

describe('what is selected', () => {
  it('is the first one at the beginning', () => {
    expect(resolveSelection(['a', 'b'], null, [])).toBe('a')
    expect(resolveSelection([], null, [])).toBeNull()
  })
  it('stays what was chosen, wherever it is', () => {
    expect(resolveSelection(['x', 'b', 'a'], 'b', ['a', 'b'])).toBe('b')
  })
  it('is what followed it, once it has gone', () => {
    expect(resolveSelection(['a', 'c'], 'b', ['a', 'b', 'c'])).toBe('c')
    expect(resolveSelection(['a', 'd'], 'b', ['a', 'b', 'c', 'd'])).toBe('d')
    expect(resolveSelection(['a', 'b'], 'c', ['a', 'b', 'c'])).toBe('b')
    expect(resolveSelection([], 'c', ['c'])).toBeNull()
  })
})

describe('a step', () => {
  it('goes to the next, and stays at the ends', () => {
    expect(stepSelection(['a', 'b'], 'a', 1)).toBe('b')
    expect(stepSelection(['a', 'b'], 'b', 1)).toBe('b')
    expect(stepSelection(['a', 'b'], 'a', -1)).toBe('a')
    expect(stepSelection(['a', 'b'], null, 1)).toBe('a')
    expect(stepSelection([], null, 1)).toBeNull()
  })
})
