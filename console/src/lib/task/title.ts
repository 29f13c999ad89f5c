/** A task's description, as a title and what stands below it. */
import { revealInvisible } from '../format/invisibleChars'

const MAX_TITLE_LENGTH = 160

export function titleOf(description: string): string {
  const first = revealInvisible(firstLine(description).replace(/^#+\s+/, ''))
  return first.length > MAX_TITLE_LENGTH ? `${first.slice(0, MAX_TITLE_LENGTH - 1)}…` : first
}

/** What the title does not say; empty where it says all. */
export function bodyOf(description: string): string {
  const first = firstLine(description)
  if (first.length > MAX_TITLE_LENGTH) return description.trim()
  return description.trimStart().slice(first.length).trim()
}

function firstLine(description: string): string {
  return description.trimStart().split('\n', 1)[0]?.trimEnd() ?? ''
}
