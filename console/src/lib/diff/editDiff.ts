/** The diff of one edit in an agent's transcript: hunks without a file header, or only the changed
 *  lines. */
export type DiffLine = {
  kind: 'same' | 'added' | 'deleted'
  /** Line numbers before and after the edit; null if unknown, or if the line doesn't exist
   *  there. */
  before: number | null
  after: number | null
  /** The common start, the changed middle and the common end, compared with the line's
   *  counterpart. */
  parts: [start: string, changed: string, end: string]
}
export type EditDiff = { hunks: DiffLine[][]; added: number; deleted: number }

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/

export function parseEditDiff(text: string): EditDiff {
  const hunks: DiffLine[][] = []
  let before: number | null = null
  let after: number | null = null
  let lines: DiffLine[] = []
  for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
    const head = HUNK.exec(line)
    if (head) {
      before = Number(head[1])
      after = Number(head[2])
      lines = []
      hunks.push(lines)
      continue
    }
    const kind = kindOf(line)
    if (kind === null) continue
    if (hunks.length === 0) hunks.push(lines)
    lines.push({
      kind,
      before: kind === 'added' ? null : before,
      after: kind === 'deleted' ? null : after,
      parts: [line.slice(1), '', ''],
    })
    if (before !== null && kind !== 'added') before += 1
    if (after !== null && kind !== 'deleted') after += 1
  }
  for (const hunk of hunks) markWords(hunk)
  const all = hunks.flat()
  return {
    hunks,
    added: all.filter(({ kind }) => kind === 'added').length,
    deleted: all.filter(({ kind }) => kind === 'deleted').length,
  }
}

function kindOf(line: string): DiffLine['kind'] | null {
  if (line.startsWith('+')) return 'added'
  if (line.startsWith('-')) return 'deleted'
  return line.startsWith(' ') || line === '' ? 'same' : null
}

/** Compares deleted with added lines, pair by pair, in runs that have as many of both. */
function markWords(lines: DiffLine[]): void {
  for (let place = 0; place < lines.length; ) {
    const deleted = runOf(lines, place, 'deleted')
    const added = runOf(lines, place + deleted.length, 'added')
    if (deleted.length === added.length) {
      deleted.forEach((line, index) => {
        const other = added[index]
        if (other) markPair(line, other)
      })
    }
    place += Math.max(1, deleted.length + added.length)
  }
}

function runOf(lines: DiffLine[], from: number, kind: DiffLine['kind']): DiffLine[] {
  let end = from
  while (lines[end]?.kind === kind) end += 1
  return lines.slice(from, end)
}

function markPair(one: DiffLine, other: DiffLine): void {
  const [a, b] = [one.parts[0], other.parts[0]]
  const least = Math.min(a.length, b.length)
  let start = 0
  while (start < least && a[start] === b[start]) start += 1
  let end = 0
  while (end < least - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1
  // Lines with less than a third in common are not counterparts.
  if ((start + end) * 3 < least) return
  one.parts = splitChanged(a, start, end)
  other.parts = splitChanged(b, start, end)
}

function splitChanged(text: string, start: number, end: number): [string, string, string] {
  return [text.slice(0, start), text.slice(start, text.length - end), text.slice(text.length - end)]
}
