/** Puts texts in progress together from the stream's parts. A missed part is never guessed: the
 *  text then waits for its entry. Pure. */
import type { Schemas } from '../../api/client'

export type TextPart = {
  attempt: number
  entry: number
  kind: 'message' | 'thought' | 'output'
  offset: number
  text: string
}
export type LiveText = { entry: number; text: string }
/** At most one text of each kind. */
export type LiveTexts = Partial<Record<TextPart['kind'], LiveText>>

export function addPart(known: LiveTexts, { kind, entry, offset, text }: TextPart): LiveTexts {
  if (offset === 0) return { ...known, [kind]: { entry, text } }
  const before = known[kind]
  // Offsets count characters, not UTF-16 units.
  if (!before || [...before.text].length !== offset) return omit(known, kind)
  return { ...known, [kind]: { entry, text: before.text + text } }
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
    return left.output?.entry === number && state !== 'running' ? omit(left, 'output') : left
  }, known)
}

function omit(known: LiveTexts, kind: TextPart['kind']): LiveTexts {
  const { [kind]: dropped, ...others } = known
  return dropped ? others : known
}
