/** The position in an attempt's output, to the byte: computes each step from a received frame.
 *  Pure. */
import type { ServerFrame } from './frames'

/** The bytes [from, to) of the attempt's log that were not shown here. */
export type ByteRange = { from: number; to: number }

export type OutputPosition = {
  /** The attempt that the offset belongs to; null before the first `ready`. */
  attempt: number | null
  /** The offset of the next byte. */
  offset: number
}

export type PositionStep =
  | { kind: 'go on'; place: OutputPosition }
  /** The server's position is unrelated to this one: it is another attempt, or before this
   *  offset. */
  | { kind: 'begin anew' }
  | { kind: 'missed'; place: OutputPosition; span: ByteRange }

export const START_POSITION: OutputPosition = { attempt: null, offset: 0 }

/** Returns the value of `resumeFrom`. */
export function resumeOffset(place: OutputPosition): number | undefined {
  return place.attempt === null ? undefined : place.offset
}

/** Moves the position past this many bytes. */
export function advance(place: OutputPosition, length: number): OutputPosition {
  return { ...place, offset: place.offset + length }
}

/** Applies a frame that gives the offset of the next byte. A screen replaces the bytes in
 *  between. */
export function applyFrame(place: OutputPosition, frame: ServerFrame): PositionStep {
  switch (frame.type) {
    case 'ready': {
      const found = { attempt: frame.attempt, offset: frame.offset }
      if (place.attempt === null) return { kind: 'go on', place: found }
      if (place.attempt !== frame.attempt || frame.offset < place.offset) {
        return { kind: 'begin anew' }
      }
      return jumpTo(place, found)
    }
    case 'gap':
      return jumpTo(place, { ...place, offset: Math.max(place.offset, frame.to) })
    case 'screen':
      return jumpTo(place, { ...place, offset: frame.offset })
    default:
      return { kind: 'go on', place }
  }
}

/** Moves to another offset: a jump forward misses bytes, a jump back misses none. */
function jumpTo(place: OutputPosition, found: OutputPosition): PositionStep {
  if (found.offset <= place.offset) return { kind: 'go on', place: found }
  return { kind: 'missed', place: found, span: { from: place.offset, to: found.offset } }
}
