/** The lines that a new comment is about. Pure. */
import { placeKey, type Side } from './rows'

export type Marked = { side: Side; line: number; endLine: number }

const MOST_LINES = 100

/** `new-42`. */
export function markedAt(place: string): Marked {
  const [side, line] = place.split('-')
  return { side: side === 'old' ? 'old' : 'new', line: Number(line), endLine: Number(line) }
}

/** As far as that line of the same side; else from it anew. */
export function stretched(before: Marked | null, place: string): Marked {
  const to = markedAt(place)
  if (before === null || before.side !== to.side) return to
  const line = Math.min(before.line, to.line)
  const endLine = Math.max(before.endLine, to.line)
  return endLine - line < MOST_LINES ? { side: to.side, line, endLine } : to
}

/** What is marked when the form of `one` closes: others may have been marked since. */
export function unmarked(before: Marked | null, one: Marked): Marked | null {
  return before === one ? null : before
}

/** Whether the form of `before` is about more lines `after`, and not about others. */
export function isMore(before: Marked | null, after: Marked): before is Marked {
  return before?.side === after.side && after.line <= before.line && before.endLine <= after.endLine
}

/** What names the place that words are written about: lines, a file, or the whole of a commit. */
export function writtenOn(
  taskId: number,
  commit: string,
  path?: string | undefined,
  marked?: Marked | undefined,
): string {
  return JSON.stringify([taskId, commit, path, marked?.side, marked?.line, marked?.endLine])
}

/** The line under which its form stands. */
export function endOf(marked: Marked): string {
  return placeKey(marked.side, marked.endLine)
}
