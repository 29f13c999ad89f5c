/** Puts texts in progress together from the stream's parts. A missed part is never guessed: a
 *  message or thought then waits for its entry, and an output goes on behind the gap. Pure. */
import type { Schemas } from '../../api/client'

export type TextPart = {
  attempt: number
  entry: number
  kind: 'message' | 'thought' | 'output' | 'cpu'
  offset: number
  text: string
}
/** `end`: the offset of its next part. Offsets count characters, not UTF-16 units. */
export type LiveText = { entry: number; text: string; end: number }
/** One message and one thought at most; what running commands print, by their entries; and how many
 *  processors the latest one uses. */
export type LiveTexts = {
  message?: LiveText
  thought?: LiveText
  outputs?: Record<number, LiveText>
  cpu?: { entry: number; count: number }
}

/** Of an output, only the end is shown; a longer message isn't shown, as machines don't send it. */
const MAX_TEXT = 64 * 1024
const MAX_TAIL = 8 * 1024

export function addPart(known: LiveTexts, part: TextPart): LiveTexts {
  const { kind, entry, offset } = part
  if (kind === 'cpu') {
    const count = Number(part.text)
    return Number.isFinite(count) ? { ...known, cpu: { entry, count } } : known
  }
  if (kind === 'output') {
    const output = extend(known.outputs?.[entry], part) ?? extend(undefined, part, offset)
    return output ? { ...known, outputs: { ...known.outputs, [entry]: output } } : known
  }
  const text = offset === 0 ? extend(undefined, part) : extend(known[kind], part)
  return text ? { ...known, [kind]: text } : omit(known, kind)
}

/** Returns the text with the part, which starts another one if there is none; null if it doesn't
 *  continue it. */
function extend(before: LiveText | undefined, part: TextPart, start = 0): LiveText | null {
  const { entry, offset, text } = part
  if (offset !== (before?.end ?? start)) return null
  const whole = (before?.text ?? '') + text
  if (part.kind !== 'output' && whole.length > MAX_TEXT) return null
  return { entry, text: whole.slice(-MAX_TEXT), end: offset + [...text].length }
}

/** Returns the text's last lines; an empty one at the end doesn't count. */
export function lastLines(text: string, count: number): string {
  const lines = text.slice(-MAX_TAIL).replace(/\n$/, '').split('\n')
  return lines.slice(-count).join('\n')
}

export function removeFinished(
  known: LiveTexts,
  entries: readonly Pick<Schemas['TranscriptEntry'], 'number' | 'kind' | 'state'>[],
): LiveTexts {
  return entries.reduce((left, { number, kind, state }) => {
    if (kind === 'message' || kind === 'thought') {
      const live = left[kind]
      return live && number >= live.entry ? omit(left, kind) : left
    }
    return state === 'running' ? left : omitOutput(left, number)
  }, known)
}

function omitOutput(known: LiveTexts, entry: number): LiveTexts {
  if (!known.outputs?.[entry]) return known
  const { [entry]: dropped, ...outputs } = known.outputs
  return { ...known, outputs }
}

function omit(known: LiveTexts, kind: 'message' | 'thought'): LiveTexts {
  const { [kind]: dropped, ...others } = known
  return dropped ? others : known
}
