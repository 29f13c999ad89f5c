import { describe, expect, it } from 'vitest'
import {
  elementHeight,
  maxTop,
  scrollForTop,
  topAfterScroll,
  topForScroll,
  visibleRange,
} from './virtualScroll'

const ROW = 20
const few = { height: 1000 * ROW, view: 600 }
const many = { height: 10_000_000 * ROW, view: 600 }

describe('ten million rows', () => {
  it('are no taller than a browser draws', () => {
    expect(elementHeight(many)).toBeLessThan(17_000_000)
    expect(elementHeight(few)).toBe(few.height)
  })

  it('can be gone to, each of them', () => {
    for (const line of [0, 1, 9_999, 10_001, 123_456, 5_000_000, 9_990_000, 9_999_970]) {
      const top = line * ROW
      expect(topForScroll(scrollForTop(top, many), many)).toBeCloseTo(top, 3)
    }
  })

  it('begin and end where the browser does', () => {
    expect(scrollForTop(0, many)).toBe(0)
    expect(scrollForTop(maxTop(many), many)).toBe(elementHeight(many) - many.view)
    expect(topForScroll(1e12, many)).toBe(maxTop(many))
    expect(topForScroll(-5, many)).toBe(0)
  })

  it('keep their order', () => {
    let before = -1
    for (let scroll = 0; scroll <= elementHeight(many); scroll += 9_999) {
      const top = topForScroll(scroll, many)
      expect(top).toBeGreaterThan(before)
      before = top
    }
  })

  it('move by a wheel as few do, anywhere, and never beyond their ends', () => {
    const middle = 100_000_000
    const scroll = scrollForTop(middle, many)
    expect(topAfterScroll(middle, scroll, scroll + 100, many)).toBe(middle + 100)
    expect(topAfterScroll(50, 50, 0, many)).toBe(0)
    expect(topAfterScroll(maxTop(many), 100, 700, many)).toBe(maxTop(many))
  })

  it('go far by the scroll bar', () => {
    expect(topAfterScroll(0, 0, elementHeight(many) / 2, many)).toBeGreaterThan(80_000_000)
  })
})

it('few rows scroll as any', () => {
  expect(scrollForTop(777, few)).toBe(777)
  expect(topForScroll(777, few)).toBe(777)
})

it('what is seen of rows', () => {
  expect(visibleRange(30, 100, ROW, 1000)).toEqual({ first: 1, end: 7 })
  expect(visibleRange(0, 100, ROW, 2)).toEqual({ first: 0, end: 2 })
  expect(visibleRange(0, 100, ROW, 0)).toEqual({ first: 0, end: 0 })
})
