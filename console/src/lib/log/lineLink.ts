/** Links to log lines, numbered from 1: `#L120`, `#L120-L140`. */

/** Line numbers as the server counts them, from 0; both included. */
export type LineRange = { first: number; last: number }

export function parseLineHash(hash: string): LineRange | null {
  const found = /^#?L(\d{1,15})(?:-L?(\d{1,15}))?$/.exec(hash)
  if (!found) return null
  const [one, other] = [Number(found[1]), Number(found[2] ?? found[1])]
  if (one < 1 || other < 1) return null
  return { first: Math.min(one, other) - 1, last: Math.max(one, other) - 1 }
}

export function lineHash({ first, last }: LineRange): string {
  return first === last ? `L${first + 1}` : `L${first + 1}-L${last + 1}`
}

/** Returns the selection after a click on a line; with Shift it extends the previous selection. */
export function selectLines(line: number, before: LineRange | null, isShift: boolean): LineRange {
  if (!isShift || !before) return { first: line, last: line }
  return { first: Math.min(before.first, line), last: Math.max(before.first, line) }
}
