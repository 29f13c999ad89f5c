/** A line's text cut where its colour or its tint changes. Pure. */
import type { MixedIdentifier } from '../../../../lib/format/mixedScripts'
import type { Range } from './wordDiff'

/** `k` keyword, `t` text, `m` number, `f` name, `x` comment, as `.diff` of the shared styles. */
export type Tone = 'k' | 't' | 'm' | 'f' | 'x' | ''
/** How long each piece of a line is, and its tone, in turn. */
export type Tones = [length: number, tone: Tone][]
export type Segment = {
  text: string
  tone: Tone
  isChanged: boolean
  /** Of an identifier of several scripts. */
  mixed?: MixedIdentifier
  /** Whether the identifier ends here. */
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
