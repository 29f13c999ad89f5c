/** The acts of this page as curl: the last one that was done, or the next one in place of doing it. */
import { curlOf } from '../lib/curl'

/** What the page does by itself: nobody has asked to see it, and it may not take the place of what
 *  somebody has. */
const BY_ITSELF =
  /\/profile\/drafts(\/\d+)?$|\/notifications\/\d+\/read$|\/pty-token$|\/dry-run$|[?&]dryRun=true\b/

let last: string | null = null
let isNextShown = false

/** The next act is told to `shown` and not done. */
export function showNext(): void {
  isNextShown = true
}

export function lastAsCurl(): string | null {
  return last
}

/** What one did is nobody else's to read. */
export function forgetActs(): void {
  last = null
  isNextShown = false
}

/** Remember an act. Its line, if it is to be shown and not sent. */
export async function told(request: Request): Promise<string | null> {
  if (request.method === 'GET' || BY_ITSELF.test(request.url)) return null
  const text = await request.clone().text()
  // As it is shown: its secrets are not kept.
  const { method, url } = request
  last = curlOf({ method, url, body: text === '' ? undefined : parsed(text) })
  if (!isNextShown) return null
  isNextShown = false
  return last
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
