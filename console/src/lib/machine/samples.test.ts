import { describe, expect, it } from 'vitest'
import { columnsOf } from './samples'

const at = (seconds: number) => new Date(seconds * 1000).toISOString()

describe('samples for a chart', () => {
  it('keep their order and their places', () => {
    expect(
      columnsOf(
        [at(60), at(120)],
        [
          [1, null],
          [3, 4],
        ],
        60,
      ),
    ).toEqual([
      [60, 120],
      [1, null],
      [3, 4],
    ])
  })
  it('have a gap where there were none', () => {
    expect(columnsOf([at(60), at(300)], [[1, 2]], 60)).toEqual([
      [60, 120, 300],
      [1, null, 2],
    ])
  })
  it('are nothing of nothing', () => {
    expect(columnsOf([], [[]], 60)).toEqual([[], []])
  })
})
