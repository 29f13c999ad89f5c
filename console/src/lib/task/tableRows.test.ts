import { describe, expect, it } from 'vitest'
import { mergeRows, type Pages, type Row } from './tableRows'

const row = (id: number, status = 'queued') => ({ id, status, currentStageIndex: 0 }) as Row
const pagesOf = (...pages: number[][]): Pages => ({
  pages: pages.map((ids, n) => ({
    rows: ids.map((id) => row(id)),
    next: n < pages.length - 1 ? 'more' : null,
  })),
  pageParams: [],
})
const ids = ({ pages }: Pages) => pages.map(({ rows }) => rows.map(({ id }) => id))
const asked = (...numbers: number[]) => new Set(numbers)

describe('news of rows', () => {
  it('change a row where it stands, and say when', () => {
    const after = mergeRows(pagesOf([9, 8], [7]), asked(8), [row(8, 'running')], 1000)
    expect(ids(after)).toEqual([[9, 8], [7]])
    expect(after.pages[0]?.rows[1]).toMatchObject({ status: 'running', changedAt: 1000 })
  })
  it('say nothing of a row that stands as it stood', () => {
    const after = mergeRows(pagesOf([9]), asked(9), [row(9)], 1000)
    expect(after.pages[0]?.rows[0]?.changedAt).toBeUndefined()
  })
  it('leave alone the pages that they do not touch', () => {
    const before = pagesOf([9, 8], [7])
    expect(mergeRows(before, asked(9), [row(9)], 0).pages[1]).toBe(before.pages[1])
  })
  it('take away what does not match any more', () => {
    expect(ids(mergeRows(pagesOf([9, 8], [7]), asked(8, 7), [], 0))).toEqual([[9], []])
  })
  it('put a new row where its number belongs', () => {
    expect(ids(mergeRows(pagesOf([9, 7], [5]), asked(10), [row(10)], 0))).toEqual([[10, 9, 7], [5]])
    expect(ids(mergeRows(pagesOf([9, 7], [5]), asked(8), [row(8)], 0))).toEqual([[9, 8, 7], [5]])
    expect(ids(mergeRows(pagesOf([9, 7], [5]), asked(3), [row(3)], 0))).toEqual([
      [9, 7],
      [5, 3],
    ])
    expect(ids(mergeRows(pagesOf([]), asked(3), [row(3)], 0))).toEqual([[3]])
  })
  it('leave to the next page what lies below all that was read', () => {
    const before: Pages = { pages: [{ rows: [row(9)], next: 'more' }], pageParams: [] }
    expect(ids(mergeRows(before, asked(3), [row(3)], 0))).toEqual([[9]])
  })
})
