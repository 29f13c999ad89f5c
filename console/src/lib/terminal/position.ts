/** Where one is in an attempt's output, to the byte. Pure: what came in, what is to be done. */
import type { ServerFrame } from './frames'

/** The bytes [from, to) of the attempt's log that were not shown here. */
export type ByteRange = { from: number; to: number }

export type OutputPosition = {
  /** Of the attempt whose offsets these are; null before the first `ready`. */
  attempt: number | null
  /** Of the next byte. */
  offset: number
}

export type PositionStep =
  | { kind: 'go on'; place: OutputPosition }
  /** The server has gone on elsewhere: these offsets say nothing of it. */
  | { kind: 'begin anew' }
  | { kind: 'missed'; place: OutputPosition; span: ByteRange }

export const START_POSITION: OutputPosition = { attempt: null, offset: 0 }

/** What to send as `resumeFrom`. */
export function resumeOffset(place: OutputPosition): number | undefined {
  return place.attempt === null ? undefined : place.offset
}

/** After bytes of that length. */
export function advance(place: OutputPosition, length: number): OutputPosition {
  return { ...place, offset: place.offset + length }
}

/** After a frame that says where the next byte is. A screen stands for what is between. */
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

/** Bytes between the two are missed; a jump back misses none. */
function jumpTo(place: OutputPosition, found: OutputPosition): PositionStep {
  if (found.offset <= place.offset) return { kind: 'go on', place: found }
  return { kind: 'missed', place: found, span: { from: place.offset, to: found.offset } }
}
