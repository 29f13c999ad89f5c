import { describe, expect, it } from 'vitest'
import { addMarkers, isEmpty, startTime } from './asciicast'

const cast = [
  '{"version":2,"width":80,"height":24,"timestamp":1700000000}',
  '[0.0,"m","plan"]',
  '[0.5,"o","a \\"m\\" b"]',
  '[9.0,"m","develop"]',
  '[10.0,"r","90x20"]',
  '[12.0,"o","bye"]',
  '',
].join('\n')

describe('a recording', () => {
  it('has its own marks and those that are given, in order', () => {
    const found = addMarkers(cast, [
      { seconds: 11, label: 'typed' },
      { seconds: 3, label: 'gate' },
    ])
    expect(found.marks).toEqual([
      { seconds: 0, label: 'plan' },
      { seconds: 3, label: 'gate' },
      { seconds: 9, label: 'develop' },
      { seconds: 11, label: 'typed' },
    ])
    const times = found.cast
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line)[0])
    expect(times).toEqual([0, 0.5, 3, 9, 10, 11, 12])
  })
  it('shows what came after its end at its end', () => {
    expect(addMarkers(cast, [{ seconds: 99, label: 'answered' }]).marks.at(-1)).toEqual({
      seconds: 12,
      label: 'answered',
    })
  })
  it('says when it began, and whether anything was printed', () => {
    expect(startTime(cast)).toBe(1_700_000_000_000)
    expect(startTime('x\n')).toBeNull()
    expect(isEmpty(cast)).toBe(false)
    expect(isEmpty('{"version":2}\n[0.0,"m","plan"]\n')).toBe(true)
  })
})
