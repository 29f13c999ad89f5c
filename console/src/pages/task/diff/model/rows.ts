/** The lines of a file's hunks as rows of a table, in one column or two. Pure. */
import type { Schemas } from '../../../../api/client'
import { pairLines } from './wordDiff'

export type Line = Schemas['DiffLine']
export type Hunk = Schemas['Hunk']
export type Side = 'old' | 'new'

/** Lines that aren't shown. */
type GapRow = { kind: 'gap'; key: string; lines: number; section: string }
type LineRow = { kind: 'line'; key: string; line: Line }
/** Two lines side by side; null if a side has none. */
export type PairRow = { kind: 'pair'; key: string; old: Line | null; new: Line | null }

export type Unified = GapRow | LineRow
type Split = GapRow | PairRow
export type Row = GapRow | LineRow | PairRow

const CHUNK = 60

export function unifiedRows(hunks: Hunk[]): Unified[] {
  return withGaps(hunks, (lines) =>
    lines.map((line) => ({ kind: 'line', key: keyOf(line), line }) as const),
  )
}

export function splitRows(hunks: Hunk[]): Split[] {
  return withGaps(hunks, pairRows)
}

/** Splits rows into chunks, each rendered as a unit. */
export function chunkRows<R>(rows: R[], size: number = CHUNK): R[][] {
  const count = Math.ceil(rows.length / size)
  return Array.from({ length: count }, (_, n) => rows.slice(n * size, (n + 1) * size))
}

/** Maps each deleted or added line to the text of its counterpart, if the two are similar. */
export function counterparts(rows: Row[]): Map<Line, string> {
  const found = new Map<Line, string>()
  for (const { old, fresh } of findChanges(rows)) {
    const texts = (lines: Line[]) => lines.map((line) => line.text)
    for (const [a, b] of pairLines(texts(old), texts(fresh))) {
      const [before, after] = [old[a], fresh[b]]
      if (before && after) found.set(before, after.text).set(after, before.text)
    }
  }
  return found
}

/** Returns a line's unique key in its file: its side and number. */
export function lineKey(side: Side, line: number): string {
  return `${side}-${line}`
}

export function keyOf(line: Line): string {
  return lineKey(sideOf(line), numberOf(line))
}

export function sideOf(line: Line): Side {
  return line.type === 'deleted' ? 'old' : 'new'
}

function numberOf(line: Line): number {
  return (line.type === 'deleted' ? line.oldLine : line.newLine) ?? 0
}

/** Returns all keys of a row: a line on both sides has one for each. */
export function lineKeysOf(row: Row): string[] {
  if (row.kind === 'gap') return []
  const lines = row.kind === 'line' ? [row.line] : [row.old, row.new]
  const places = lines.flatMap((line) => [
    line?.oldLine ? lineKey('old', line.oldLine) : '',
    line?.newLine ? lineKey('new', line.newLine) : '',
  ])
  return [...new Set(places.filter(Boolean))]
}

function withGaps<R>(hunks: Hunk[], rowsOf: (lines: Line[]) => R[]): (GapRow | R)[] {
  let end = 1
  return hunks.flatMap((hunk) => {
    // For a side without lines, git gives the number of the line before the hunk.
    const first = hunk.newLines === 0 ? hunk.newStart + 1 : hunk.newStart
    const lines = first - end
    end = first + hunk.newLines
    const gap: GapRow = { kind: 'gap', key: `gap-${first}`, lines, section: hunk.section }
    return lines > 0 ? [gap, ...rowsOf(hunk.lines)] : rowsOf(hunk.lines)
  })
}

function pairRows(lines: Line[]): PairRow[] {
  const found: PairRow[] = []
  for (let at = 0; at < lines.length; ) {
    const old = runOf(lines, at, 'deleted')
    const fresh = runOf(lines, at + old.length, 'added')
    at += old.length + fresh.length
    for (let n = 0; n < Math.max(old.length, fresh.length); n++) {
      found.push(toPairRow(old[n] ?? null, fresh[n] ?? null))
    }
    const same = lines[at]
    if (same?.type === 'context') {
      found.push(toPairRow(same, same))
      at++
    }
  }
  return found
}

function toPairRow(old: Line | null, fresh: Line | null): PairRow {
  const line = old ?? fresh
  return { kind: 'pair', key: line ? keyOf(line) : '', old, new: fresh }
}

function runOf(lines: Line[], from: number, type: Line['type']): Line[] {
  let to = from
  while (lines[to]?.type === type) to++
  return lines.slice(from, to)
}

type Change = { old: Line[]; fresh: Line[] }

/** Finds the places where lines were deleted and others added. */
function findChanges(rows: Row[]): Change[] {
  const found: Change[] = []
  let open: Change | null = null
  for (const line of rows.flatMap(linesOf)) {
    if (line === null || line.type === 'context') {
      open = null
      continue
    }
    const isOld = line.type === 'deleted'
    // In one column, deleted lines come first, so one after added lines starts another change.
    if (open === null || (isOld && rows[0]?.kind === 'line' && open.fresh.length > 0)) {
      open = { old: [], fresh: [] }
      found.push(open)
    }
    open[isOld ? 'old' : 'fresh'].push(line)
  }
  return found
}

/** Returns the lines of a row; null for a gap, which separates changes. */
function linesOf(row: Row): (Line | null)[] {
  if (row.kind === 'gap') return [null]
  if (row.kind === 'line') return [row.line]
  return [row.old, row.new].filter((line) => line !== null)
}
