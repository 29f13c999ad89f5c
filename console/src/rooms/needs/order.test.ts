import { describe, expect, it } from 'vitest'
import { moved, selectedOf } from './order'

describe('what is selected', () => {
  it('is the first one at the beginning', () => {
    expect(selectedOf(['a', 'b'], null, [])).toBe('a')
    expect(selectedOf([], null, [])).toBeNull()
  })
  it('stays what was chosen, wherever it is', () => {
    expect(selectedOf(['x', 'b', 'a'], 'b', ['a', 'b'])).toBe('b')
  })
  it('is what followed it, once it has gone', () => {
    expect(selectedOf(['a', 'c'], 'b', ['a', 'b', 'c'])).toBe('c')
    expect(selectedOf(['a', 'd'], 'b', ['a', 'b', 'c', 'd'])).toBe('d')
    expect(selectedOf(['a', 'b'], 'c', ['a', 'b', 'c'])).toBe('b')
    expect(selectedOf([], 'c', ['c'])).toBeNull()
  })
})

describe('a step', () => {
  it('goes to the next, and stays at the ends', () => {
    expect(moved(['a', 'b'], 'a', 1)).toBe('b')
    expect(moved(['a', 'b'], 'b', 1)).toBe('b')
    expect(moved(['a', 'b'], 'a', -1)).toBe('a')
    expect(moved(['a', 'b'], null, 1)).toBe('a')
    expect(moved([], null, 1)).toBeNull()
  })
})
