/** A task's description, as a title and what stands below it. */
import { seen } from './seen'

const LONGEST = 160

export function titleOf(description: string): string {
  const first = seen(firstLine(description).replace(/^#+\s+/, ''))
  return first.length > LONGEST ? `${first.slice(0, LONGEST - 1)}…` : first
}

/** What the title does not say; empty where it says all. */
export function restOf(description: string): string {
  const first = firstLine(description)
  if (first.length > LONGEST) return description.trim()
  return description.trimStart().slice(first.length).trim()
}

function firstLine(description: string): string {
  return description.trimStart().split('\n', 1)[0]?.trimEnd() ?? ''
}
