/** What is written in a form and not taken yet, by the place that it is about: it outlives the form,
 *  which goes when another place is written about, a piece of the page is far, or the page is left. */
const texts = new Map<string, string>()

export type UnsavedInput = { read: () => string; save: (text: string) => void }

/** `place`: what tells it from all others. An empty text is none. */
export function unsavedInputFor(place: string): UnsavedInput {
  return {
    read: () => texts.get(place) ?? '',
    save: (text) => {
      if (text === '') texts.delete(place)
      else texts.set(place, text)
    },
  }
}

/** The form is about another place now, and takes along what is written there. */
export function moveUnsavedInput(from: string, to: string): void {
  if (from === to) return
  unsavedInputFor(to).save(texts.get(from) ?? texts.get(to) ?? '')
  texts.delete(from)
}

/** What one has written is nobody else's to read. */
export function clearUnsavedInput(): void {
  texts.clear()
}
