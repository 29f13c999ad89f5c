/** Libraries make style elements of their own. The page's policy lets in those with its nonce. */

let isDone = false

/** From now on style elements that scripts make carry the nonce of the page, if it has one. */
export function letStylesIn(): void {
  const nonce = document.querySelector<HTMLElement>('[nonce]')?.nonce
  if (isDone || !nonce) return
  isDone = true
  const make = Document.prototype.createElement
  Document.prototype.createElement = function (this: Document, name: string, ...rest: never[]) {
    const made = make.call(this, name, ...rest)
    if (made instanceof HTMLStyleElement) made.nonce = nonce
    return made
  } as typeof make
}
