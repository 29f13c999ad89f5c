/** Unsaved text of forms, by what it is about. It outlives the form, which unmounts when the user
 *  comments elsewhere, scrolls far away or leaves the page. */
const texts = new Map<string, string>()

export type UnsavedInput = { read: () => string; save: (text: string) => void }

/** `place`: the key of the text. An empty text removes it. */
export function unsavedInputFor(place: string): UnsavedInput {
  return {
    read: () => texts.get(place) ?? '',
    save: (text) => {
      if (text === '') texts.delete(place)
      else texts.set(place, text)
    },
  }
}

/** Moves a text to another place when its form moves there. */
export function moveUnsavedInput(from: string, to: string): void {
  if (from === to) return
  unsavedInputFor(to).save(texts.get(from) ?? texts.get(to) ?? '')
  texts.delete(from)
}

/** Returns the texts whose keys start with `prefix`, with their keys. */
export function listInput(prefix: string): [place: string, text: string][] {
  return [...texts].filter(([place]) => place.startsWith(prefix))
}

export function clearInput(place: string): void {
  texts.delete(place)
}

/** Clears all texts, so that the next user can't read them. */
export function clearUnsavedInput(): void {
  texts.clear()
}
