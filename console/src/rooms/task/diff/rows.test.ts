import { describe, expect, it } from 'vitest'
import { chunks, type Hunk, type Line, others, placesOf, split, unified } from './rows'

const same = (oldLine: number, newLine: number, text = ''): Line => ({
  type: 'context',
  oldLine,
  newLine,
  text,
})
const gone = (oldLine: number, text: string): Line => ({
  type: 'deleted',
  oldLine,
  newLine: null,
  text,
})
const added = (newLine: number, text: string): Line => ({
  type: 'added',
  oldLine: null,
  newLine,
  text,
})
const hunk = (newStart: number, newLines: number, lines: Line[]): Hunk => ({
  oldStart: newStart,
  oldLines: 0,
  newStart,
  newLines,
  section: '',
  lines,
})

describe('rows in one column', () => {
  it('say how many lines are left out between hunks, and before the first', () => {
    const rows = unified([
      hunk(3, 2, [same(3, 3), same(4, 4)]),
      hunk(40, 1, [same(40, 40)]),
      hunk(41, 1, [same(41, 41)]),
    ])
    const gaps = rows.map((row) => (row.kind === 'gap' ? row.lines : null))
    expect(gaps).toEqual([2, null, null, 35, null, null])
  })
  it('count right where a hunk has no lines of the new side', () => {
    const rows = unified([hunk(4, 0, [gone(5, 'x')])])
    expect(rows[0]).toMatchObject({ kind: 'gap', lines: 4 })
  })
  it('have a key each', () => {
    const rows = unified([hunk(1, 2, [gone(1, 'a'), added(1, 'b'), same(2, 2)])])
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length)
  })
})

describe('rows side by side', () => {
  const lines = [same(1, 1), gone(2, 'a'), gone(3, 'b'), added(2, 'A'), same(4, 3), added(4, 'z')]
  const rows = split([hunk(1, 4, lines)])
  it('have what was taken out beside what was put in', () => {
    const texts = rows.map((row) => row.kind === 'pair' && [row.old?.text, row.new?.text])
    expect(texts).toEqual([
      ['', ''],
      ['a', 'A'],
      ['b', undefined],
      ['', ''],
      [undefined, 'z'],
    ])
  })
  it('lose no line', () => {
    const shown = rows.flatMap((row) => (row.kind === 'pair' ? [row.old, row.new] : []))
    expect(lines.every((line) => shown.includes(line))).toBe(true)
  })
})

it('a line on both sides can be named by either', () => {
  expect(placesOf({ kind: 'line', key: '', line: same(4, 6) })).toEqual(['old-4', 'new-6'])
  expect(placesOf({ kind: 'pair', key: '', old: gone(1, ''), new: added(9, '') })).toEqual([
    'old-1',
    'new-9',
  ])
})

it('chunks are whole, and the last one is shorter', () => {
  expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(chunks([], 2)).toEqual([])
})

describe('what a line has become', () => {
  const before = gone(2, 'return round(a + b)')
  const after = added(4, 'return floor(a + b)')
  const doc = added(2, '"""Something else."""')
  it('is the one that is like it, in one column and in two', () => {
    for (const rows of [unified, split]) {
      const found = others(rows([hunk(1, 3, [before, doc, added(3, ''), after])]))
      expect(found.get(before)).toBe(after.text)
      expect(found.get(after)).toBe(before.text)
      expect(found.has(doc)).toBe(false)
    }
  })
  it('is nothing where other lines lie between', () => {
    expect(others(unified([hunk(1, 3, [before, same(3, 3), after])])).size).toBe(0)
  })
  it('is not sought above a change that came before', () => {
    const rows = unified([hunk(1, 3, [gone(1, 'q'), after, before])])
    expect(others(rows).size).toBe(0)
  })
})
