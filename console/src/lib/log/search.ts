/** Searches a log of any length, chunk by chunk: bytes in, line numbers out. Pure. */
import { plainText } from './ansi'

/** Further matching lines are only counted. */
const MAX_MATCHES = 10_000

/** A case-insensitive search. Feed it the log's bytes in chunks, from the first one on. */
export class LogSearch {
  /** Numbers of the matching lines. */
  readonly lines: number[] = []
  count = 0
  private line = 0
  private open = ''
  private readonly decoder = new TextDecoder()
  private readonly query: string

  constructor(words: string) {
    this.query = words.toLowerCase()
  }

  add(bytes: Uint8Array): void {
    const text = this.open + this.decoder.decode(bytes, { stream: true })
    const end = text.lastIndexOf('\n')
    if (end >= 0) this.scan(text.slice(0, end))
    // Keeps at most as much of an unfinished line as the server returns of a line.
    this.open = text.slice(end + 1).slice(0, 65_536)
    if (end >= 0) this.line += 1
  }

  /** Searches the last line, which may have no line end. */
  end(): void {
    this.scan(this.open)
    this.open = ''
  }

  private scan(text: string): void {
    const plain = hasEscapes(text) ? text.split('\n').map(plainText).join('\n') : text
    const lower = plain.toLowerCase()
    let counted = 0
    for (let at = lower.indexOf(this.query); at >= 0; ) {
      this.line += newlines(lower, counted, at)
      counted = at
      this.recordMatch()
      // A line counts once.
      const next = lower.indexOf('\n', at)
      at = next < 0 ? -1 : lower.indexOf(this.query, next)
    }
    this.line += newlines(lower, counted, lower.length)
  }

  private recordMatch(): void {
    this.count += 1
    if (this.lines.length < MAX_MATCHES) this.lines.push(this.line)
  }
}

function hasEscapes(text: string): boolean {
  return text.includes('\u001b') || text.includes('\r')
}

function newlines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) {
    count += 1
  }
  return count
}

/** Returns the index in `lines`, which is sorted, of the next match after `line` or the previous
 *  one before it; wraps around. */
export function nextMatch(lines: number[], line: number, back: boolean): number {
  if (lines.length === 0) return -1
  const after = lines.findIndex((one) => one > line)
  if (!back) return Math.max(0, after)
  const from = lines.findIndex((one) => one >= line)
  return from <= 0 ? lines.length - 1 : from - 1
}
