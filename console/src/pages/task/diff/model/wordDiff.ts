/** Pairs deleted lines with the added ones that replaced them, and finds their changes. Pure. */
import { diffArrays } from 'diff'

export type Range = [from: number, to: number]

const MAX_COMPARED = 1600
const MAX_LENGTH = 1000
const MIN_SIMILARITY = 0.5
const MAX_EDITS = 200

/** Returns pairs of indices, in order on both sides, with the highest total similarity. */
export function pairLines(old: string[], fresh: string[]): [number, number][] {
  if (old.length * fresh.length > MAX_COMPARED) {
    return old.length === fresh.length ? old.map((_, n) => [n, n]) : []
  }
  const olds = old.map(countWords)
  const news = fresh.map(countWords)
  const best = olds.map(() => news.map(() => 0))
  const at = (a: number, b: number) => best[a]?.[b] ?? 0
  const alike = olds.map((one) => news.map((other) => similarity(one, other)))
  const worth = (a: number, b: number) => {
    const share = alike[a]?.[b] ?? 0
    return share >= MIN_SIMILARITY ? share : 0
  }
  for (let a = old.length - 1; a >= 0; a--) {
    for (let b = fresh.length - 1; b >= 0; b--) {
      const both = worth(a, b) > 0 ? worth(a, b) + at(a + 1, b + 1) : 0
      const row = best[a]
      if (row) row[b] = Math.max(both, at(a + 1, b), at(a, b + 1))
    }
  }
  const found: [number, number][] = []
  for (let a = 0, b = 0; a < old.length && b < fresh.length; ) {
    const both = worth(a, b) > 0 ? worth(a, b) + at(a + 1, b + 1) : 0
    if (both > 0 && both === at(a, b)) found.push([a++, b++])
    else if (at(a + 1, b) >= at(a, b + 1)) a++
    else b++
  }
  return found
}

/** Returns the ranges of `text`, in characters, that aren't in `other`; none if the two have too
 *  little in common for that to help. */
export function changedRanges(text: string, other: string): Range[] {
  if (text === other || text.length > MAX_LENGTH || other.length > MAX_LENGTH) return []
  const parts = diffArrays(splitWords(other), splitWords(text), { maxEditLength: MAX_EDITS })
  if (!parts) return []
  const found: Range[] = []
  let at = 0
  for (const part of parts) {
    if (part.removed) continue
    const length = part.value.join('').length
    if (part.added) appendRange(found, at, at + length, text)
    at += length
  }
  const marked = found.reduce((sum, [from, to]) => sum + to - from, 0)
  return marked > text.trim().length * 0.8 ? [] : found
}

export function splitWords(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? []
}

/** Appends a range. Merges it with the previous one if only white space is between them. */
function appendRange(found: Range[], from: number, to: number, text: string): void {
  const last = found.at(-1)
  if (last && text.slice(last[1], from).trim() === '') last[1] = to
  else found.push([from, to])
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of splitWords(text.slice(0, MAX_LENGTH))) {
    if (word.trim()) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/** Returns the share of words that both have, from 0 to 1. */
function similarity(one: Map<string, number>, other: Map<string, number>): number {
  let both = 0
  let all = 0
  for (const [word, count] of one) {
    both += Math.min(count, other.get(word) ?? 0)
    all += count
  }
  for (const count of other.values()) all += count
  return all === 0 ? 0 : (2 * both) / all
}
