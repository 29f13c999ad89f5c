import { describe, expect, it } from 'vitest'
import { mergeBy, StreamBuffer } from './streamBuffer'

const own = (n: number) => n

describe('what was read and what was heard', () => {
  it('are one list, each once and in order', () => {
    expect(mergeBy([1, 2, 3], [2, 3, 4, 5], own)).toEqual([1, 2, 3, 4, 5])
    expect(mergeBy([], [4, 5], own)).toEqual([4, 5])
  })
  it('are the same list where nothing is new, so that nothing is drawn anew', () => {
    const known = [1, 2]
    expect(mergeBy(known, [1, 2], own)).toBe(known)
  })
  it('is forgotten by task', () => {
    const heard = new StreamBuffer<number>()
    heard.add('7/1', [1])
    heard.add('7/1', [2])
    heard.add('8/1', [3])
    heard.clear('7/')
    expect([heard.get('7/1'), heard.get('8/1')]).toEqual([[], [3]])
  })
})
