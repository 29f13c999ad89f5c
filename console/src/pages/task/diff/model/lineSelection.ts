/** The lines that a new comment is about. Pure. */
import { lineKey, type Side } from './rows'

export type LineSelection = { side: Side; line: number; endLine: number }

const MAX_LINES = 100

/** `new-42`. */
export function selectLine(place: string): LineSelection {
  const [side, line] = place.split('-')
  return { side: side === 'old' ? 'old' : 'new', line: Number(line), endLine: Number(line) }
}

/** As far as that line of the same side; else from it anew. */
export function extendSelection(before: LineSelection | null, place: string): LineSelection {
  const to = selectLine(place)
  if (before === null || before.side !== to.side) return to
  const line = Math.min(before.line, to.line)
  const endLine = Math.max(before.endLine, to.line)
  return endLine - line < MAX_LINES ? { side: to.side, line, endLine } : to
}

/** What is marked when the form of `one` closes: others may have been marked since. */
export function clearSelection(
  before: LineSelection | null,
  one: LineSelection,
): LineSelection | null {
  return before === one ? null : before
}

/** Whether the form of `before` is about more lines `after`, and not about others. */
export function isExtension(
  before: LineSelection | null,
  after: LineSelection,
): before is LineSelection {
  return before?.side === after.side && after.line <= before.line && before.endLine <= after.endLine
}

/** What names the place that words are written about: lines, a file, or the whole of a commit. */
export function inputKey(
  taskId: number,
  commit: string,
  path?: string | undefined,
  marked?: LineSelection | undefined,
): string {
  return JSON.stringify([taskId, commit, path, marked?.side, marked?.line, marked?.endLine])
}

/** The line under which its form stands. */
export function lastLineKey(marked: LineSelection): string {
  return lineKey(marked.side, marked.endLine)
}
