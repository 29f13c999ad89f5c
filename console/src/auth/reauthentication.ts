/** Some acts want a login that was proved lately. Whoever draws the question says so here. */
type Prompt = () => Promise<boolean>

let prompt: Prompt = () => Promise.resolve(false)
let pending: Promise<boolean> | null = null

/** `how` shows the question and answers whether it was answered well. */
export function setReauthenticationPrompt(how: Prompt): void {
  prompt = how
}

/** Whether the person has confirmed that it is them; acts that want it together ask once. */
export function reauthenticate(): Promise<boolean> {
  pending ??= prompt().finally(() => {
    pending = null
  })
  return pending
}
