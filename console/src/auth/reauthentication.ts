/** Shows the reauthentication dialog. The component that renders it registers itself here. */
type Prompt = () => Promise<boolean>

let prompt: Prompt = () => Promise.resolve(false)
let pending: Promise<boolean> | null = null

/** Registers the function that shows the prompt; it resolves to whether the user
 *  reauthenticated. */
export function setReauthenticationPrompt(how: Prompt): void {
  prompt = how
}

/** Returns whether the user reauthenticated. Concurrent requests share one prompt. */
export function reauthenticate(): Promise<boolean> {
  pending ??= prompt().finally(() => {
    pending = null
  })
  return pending
}
