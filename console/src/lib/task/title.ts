/** The title and the rest of a task's description. */
import { revealInvisible } from '../format/invisibleChars'

const MAX_TITLE_LENGTH = 160

export function titleOf(description: string): string {
  const first = revealInvisible(firstLine(description).replace(/^#+\s+/, ''))
  return first.length > MAX_TITLE_LENGTH ? `${first.slice(0, MAX_TITLE_LENGTH - 1)}…` : first
}

/** Returns what the title doesn't contain; empty if it contains everything. */
export function bodyOf(description: string): string {
  const first = firstLine(description)
  if (first.length > MAX_TITLE_LENGTH) return description.trim()
  return description.trimStart().slice(first.length).trim()
}

function firstLine(description: string): string {
  return description.trimStart().split('\n', 1)[0]?.trimEnd() ?? ''
}
