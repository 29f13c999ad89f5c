import { expect, it } from 'vitest'
import { columnsIn, estimateHeight, LINE_HEIGHT } from './rowHeights'
import type { Line, Row } from './rows'

const line = (text: string): Line => ({ type: 'context', oldLine: 1, newLine: 1, text })
const gap: Row = { kind: 'gap', key: 'g', lines: 9, section: '' }

it('a line that wraps is as high as its pieces, and of two side by side the higher counts', () => {
  const long = line('x'.repeat(250))
  const rows: Row[] = [
    gap,
    { kind: 'line', key: 'a', line: line('') },
    { kind: 'line', key: 'b', line: long },
    { kind: 'pair', key: 'c', old: line('x'), new: long },
    { kind: 'pair', key: 'd', old: null, new: line('x') },
  ]
  expect(estimateHeight(rows, 100)).toBe((1 + 1 + 3 + 3 + 1) * LINE_HEIGHT)
})

it('two columns hold less than half of one, and none holds nothing', () => {
  expect(columnsIn(1000, true)).toBeLessThan(columnsIn(1000, false) / 2 + 5)
  expect(columnsIn(10, true)).toBeGreaterThan(0)
})
