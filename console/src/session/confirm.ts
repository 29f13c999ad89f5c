/** Some acts want a login that was proved lately. Whoever draws the question says so here. */
type Ask = () => Promise<boolean>

let ask: Ask = () => Promise.resolve(false)
let asked: Promise<boolean> | null = null

/** `how` shows the question and answers whether it was answered well. */
export function askBy(how: Ask): void {
  ask = how
}

/** Whether the person has confirmed that it is them; acts that want it together ask once. */
export function confirmed(): Promise<boolean> {
  asked ??= ask().finally(() => {
    asked = null
  })
  return asked
}
