/** A line's text, split where its color or emphasis changes. Pure. */
import type { MixedIdentifier } from '../../../../lib/format/mixedScripts'
import type { Range } from './wordDiff'

/** `k` keyword, `t` text, `m` number, `f` name, `x` comment; see `.diff` in the shared styles. */
export type Tone = 'k' | 't' | 'm' | 'f' | 'x' | ''
/** The length and tone of each piece of a line, in order. */
export type Tones = [length: number, tone: Tone][]
export type Segment = {
  text: string
  tone: Tone
  isChanged: boolean
  /** The identifier of mixed scripts that the segment belongs to. */
  mixed?: MixedIdentifier
  /** Whether that identifier ends here. */
  isEnd?: boolean
}

export function segments(
  text: string,
  tones: Tones | undefined,
  changed: Range[],
  mixed: MixedIdentifier[] = [],
): Segment[] {
  const cuts = new Set([0, text.length])
  let end = 0
  for (const [length] of tones ?? []) {
    end += length
    cuts.add(Math.min(end, text.length))
  }
  for (const [from, to] of changed) cuts.add(from).add(to)
  for (const { from, to } of mixed) cuts.add(from).add(to)
  const ends = [...cuts].sort((a, b) => a - b)
  const found: Segment[] = []
  let piece = 0
  let pieceEnd = tones?.[0]?.[0] ?? Number.POSITIVE_INFINITY
  for (let n = 1; n < ends.length; n++) {
    const [from, to] = [ends[n - 1] as number, ends[n] as number]
    while (from >= pieceEnd) pieceEnd += tones?.[++piece]?.[0] ?? Number.POSITIVE_INFINITY
    const isChanged = changed.some(([first, last]) => first <= from && to <= last)
    const segment = { text: text.slice(from, to), tone: tones?.[piece]?.[1] ?? '', isChanged }
    const whole = mixed.find((one) => one.from <= from && to <= one.to)
    found.push(whole ? { ...segment, mixed: whole, isEnd: to === whole.to } : segment)
  }
  return found
}
