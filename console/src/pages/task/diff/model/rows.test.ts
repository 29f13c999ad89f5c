import { describe, expect, it } from 'vitest'
import {
  chunkRows,
  counterparts,
  type Hunk,
  type Line,
  lineKeysOf,
  splitRows,
  unifiedRows,
} from './rows'

const contextLine = (oldLine: number, newLine: number, text = ''): Line => ({
  type: 'context',
  oldLine,
  newLine,
  text,
})
const deletedLine = (oldLine: number, text: string): Line => ({
  type: 'deleted',
  oldLine,
  newLine: null,
  text,
})
const addedLine = (newLine: number, text: string): Line => ({
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
    const rows = unifiedRows([
      hunk(3, 2, [contextLine(3, 3), contextLine(4, 4)]),
      hunk(40, 1, [contextLine(40, 40)]),
      hunk(41, 1, [contextLine(41, 41)]),
    ])
    const gaps = rows.map((row) => (row.kind === 'gap' ? row.lines : null))
    expect(gaps).toEqual([2, null, null, 35, null, null])
  })
  it('count right where a hunk has no lines of the new side', () => {
    const rows = unifiedRows([hunk(4, 0, [deletedLine(5, 'x')])])
    expect(rows[0]).toMatchObject({ kind: 'gap', lines: 4 })
  })
  it('have a key each', () => {
    const rows = unifiedRows([
      hunk(1, 2, [deletedLine(1, 'a'), addedLine(1, 'b'), contextLine(2, 2)]),
    ])
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length)
  })
})

describe('rows side by side', () => {
  const lines = [
    contextLine(1, 1),
    deletedLine(2, 'a'),
    deletedLine(3, 'b'),
    addedLine(2, 'A'),
    contextLine(4, 3),
    addedLine(4, 'z'),
  ]
  const rows = splitRows([hunk(1, 4, lines)])
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
    const paired = rows.flatMap((row) => (row.kind === 'pair' ? [row.old, row.new] : []))
    expect(lines.every((line) => paired.includes(line))).toBe(true)
  })
})

it('a line on both sides can be named by either', () => {
  expect(lineKeysOf({ kind: 'line', key: '', line: contextLine(4, 6) })).toEqual(['old-4', 'new-6'])
  expect(
    lineKeysOf({ kind: 'pair', key: '', old: deletedLine(1, ''), new: addedLine(9, '') }),
  ).toEqual(['old-1', 'new-9'])
})

it('chunks are whole, and the last one is shorter', () => {
  expect(chunkRows([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(chunkRows([], 2)).toEqual([])
})

describe('what a line has become', () => {
  const before = deletedLine(2, 'return round(a + b)')
  const after = addedLine(4, 'return floor(a + b)')
  const doc = addedLine(2, '"""Something else."""')
  it('is the one that is like it, in one column and in two', () => {
    for (const rows of [unifiedRows, splitRows]) {
      const found = counterparts(rows([hunk(1, 3, [before, doc, addedLine(3, ''), after])]))
      expect(found.get(before)).toBe(after.text)
      expect(found.get(after)).toBe(before.text)
      expect(found.has(doc)).toBe(false)
    }
  })
  it('is nothing where other lines lie between', () => {
    expect(counterparts(unifiedRows([hunk(1, 3, [before, contextLine(3, 3), after])])).size).toBe(0)
  })
  it('is not sought above a change that came before', () => {
    const rows = unifiedRows([hunk(1, 3, [deletedLine(1, 'q'), after, before])])
    expect(counterparts(rows).size).toBe(0)
  })
})
