/** The lines that a new comment is about. Pure. */
import type { Schemas } from '../../../../api/client'
import { lineKey, type Side } from './rows'

export type LineSelection = { side: Side; line: number; endLine: number }

const MAX_LINES = 100

/** Selects the line with a key such as `new-42`. */
export function selectLine(place: string): LineSelection {
  const [side, line] = place.split('-')
  return { side: side === 'old' ? 'old' : 'new', line: Number(line), endLine: Number(line) }
}

/** Extends the selection to a line of the same side; otherwise starts a new one there. */
export function extendSelection(before: LineSelection | null, place: string): LineSelection {
  const to = selectLine(place)
  if (before === null || before.side !== to.side) return to
  const line = Math.min(before.line, to.line)
  const endLine = Math.max(before.endLine, to.line)
  return endLine - line < MAX_LINES ? { side: to.side, line, endLine } : to
}

/** Returns the selection after the form of `one` closes. A newer selection stays. */
export function clearSelection(
  before: LineSelection | null,
  one: LineSelection,
): LineSelection | null {
  return before === one ? null : before
}

/** Whether `after` covers all lines of `before`, on the same side. */
export function isExtension(
  before: LineSelection | null,
  after: LineSelection,
): before is LineSelection {
  return before?.side === after.side && after.line <= before.line && before.endLine <= after.endLine
}

type File = Pick<Schemas['DiffFile'], 'path' | 'blob' | 'oldBlob'>

/** Returns what a new comment is about: lines, a file, or a whole commit. */
export function commentPlace(commit: string, file?: File, marked?: LineSelection) {
  const blob = marked?.side === 'old' ? file?.oldBlob : file?.blob
  return { commit, path: file?.path ?? null, ...marked, ...(marked && blob && { blob }) }
}

/** Returns the key of the line under which the form appears. */
export function lastLineKey(marked: LineSelection): string {
  return lineKey(marked.side, marked.endLine)
}
