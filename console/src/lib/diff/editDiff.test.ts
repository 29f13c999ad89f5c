import { describe, expect, it } from 'vitest'
import { parseEditDiff } from './editDiff'

describe('the diff of an edit', () => {
  it('counts its lines on both sides', () => {
    const { hunks, added, deleted } = parseEditDiff('@@ -9,3 +9,4 @@\n one\n-two\n+2\n+3\n four\n')
    expect([added, deleted]).toEqual([2, 1])
    expect(hunks[0]?.map(({ kind, before, after }) => [kind, before, after])).toEqual([
      ['same', 9, 9],
      ['deleted', 10, null],
      ['added', null, 10],
      ['added', null, 11],
      ['same', 11, 12],
    ])
  })

  it('marks what has changed within a line', () => {
    const { hunks } = parseEditDiff('@@ -1 +1 @@\n-post("/old", draft)\n+post("/new", draft)')
    expect(hunks[0]?.map(({ parts }) => parts)).toEqual([
      ['post("/', 'old', '", draft)'],
      ['post("/', 'new', '", draft)'],
    ])
  })

  it('compares no lines that have nothing to do with each other', () => {
    const { hunks } = parseEditDiff('-alpha beta\n+return 42;')
    expect(hunks[0]?.map(({ parts }) => parts[1])).toEqual(['', ''])
  })

  it('without places has no numbers', () => {
    expect(parseEditDiff('-a\n+b').hunks[0]?.[0]).toMatchObject({ before: null, after: null })
  })

  it('of nothing is nothing', () => {
    expect(parseEditDiff('')).toEqual({ hunks: [], added: 0, deleted: 0 })
  })

  it('takes no note of a missing end of line for a line', () => {
    const text = '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file'
    expect(parseEditDiff(text).hunks[0]).toHaveLength(2)
  })
})
