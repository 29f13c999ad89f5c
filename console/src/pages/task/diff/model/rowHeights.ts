/** Estimated heights of rows that aren't rendered yet: long lines wrap. Pure. */
import type { Row } from './rows'

export const LINE_HEIGHT = 20

/** Returns the height of the rows in pixels, if a line fits `columns` characters. */
export function estimateHeight(rows: Row[], columns: number): number {
  return rows.reduce((sum, row) => sum + estimateLines(row, columns) * LINE_HEIGHT, 0)
}

/** Returns how many characters of code fit in a column of a table that is `width` pixels wide. */
export function columnsIn(width: number, isSplit: boolean): number {
  const room = isSplit ? width / 2 - 80 : width - 120
  return Math.max(20, Math.floor(room / 7.3))
}

function estimateLines(row: Row, columns: number): number {
  if (row.kind === 'gap') return 1
  const texts = row.kind === 'line' ? [row.line.text] : [row.old?.text ?? '', row.new?.text ?? '']
  return Math.max(...texts.map((text) => Math.max(1, Math.ceil(text.length / columns))))
}
