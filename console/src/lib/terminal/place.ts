/** Where one is in an attempt's output, to the byte. Pure: what came in, what is to be done. */
import type { Heard } from './frames'

/** The bytes [from, to) of the attempt's log that were not shown here. */
export type Span = { from: number; to: number }

export type Place = {
  /** Of the attempt whose offsets these are; null before the first `ready`. */
  attempt: number | null
  /** Of the next byte. */
  offset: number
}

export type Step =
  | { kind: 'go on'; place: Place }
  /** The server has gone on elsewhere: these offsets say nothing of it. */
  | { kind: 'begin anew' }
  | { kind: 'missed'; place: Place; span: Span }

export const NOWHERE: Place = { attempt: null, offset: 0 }

/** What to send as `resumeFrom`. */
export function resumeFrom(place: Place): number | undefined {
  return place.attempt === null ? undefined : place.offset
}

/** After bytes of that length. */
export function after(place: Place, length: number): Place {
  return { ...place, offset: place.offset + length }
}

/** After a frame that says where the next byte is. A screen stands for what is between. */
export function moved(place: Place, frame: Heard): Step {
  switch (frame.type) {
    case 'ready': {
      const found = { attempt: frame.attempt, offset: frame.offset }
      if (place.attempt === null) return { kind: 'go on', place: found }
      if (place.attempt !== frame.attempt || frame.offset < place.offset) {
        return { kind: 'begin anew' }
      }
      return jumped(place, found)
    }
    case 'gap':
      return jumped(place, { ...place, offset: Math.max(place.offset, frame.to) })
    case 'screen':
      return jumped(place, { ...place, offset: frame.offset })
    default:
      return { kind: 'go on', place }
  }
}

/** Bytes between the two are missed; a jump back misses none. */
function jumped(place: Place, found: Place): Step {
  if (found.offset <= place.offset) return { kind: 'go on', place: found }
  return { kind: 'missed', place: found, span: { from: place.offset, to: found.offset } }
}
