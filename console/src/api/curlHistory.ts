/** The acts of this page as curl: the last one that was done, or the next one in place of doing it. */
import { curlCommand } from '../lib/net/curl'

/** What the page does by itself: nobody has asked to see it, and it may not take the place of what
 *  somebody has. */
const AUTOMATIC_REQUESTS =
  /\/profile\/drafts(\/\d+)?$|\/notifications\/\d+\/read$|\/pty-token$|\/dry-run$|[?&]dryRun=true\b/

let lastCommand: string | null = null
let isCaptureArmed = false

/** The next request is captured and not sent. */
export function captureNextRequest(): void {
  isCaptureArmed = true
}

export function lastCurlCommand(): string | null {
  return lastCommand
}

/** What one did is nobody else's to read. */
export function clearCurlHistory(): void {
  lastCommand = null
  isCaptureArmed = false
}

/** Remember an act. Its line, if it is to be shown and not sent. */
export async function recordRequest(request: Request): Promise<string | null> {
  if (request.method === 'GET' || AUTOMATIC_REQUESTS.test(request.url)) return null
  const text = await request.clone().text()
  // As it is shown: its secrets are not kept.
  const { method, url } = request
  lastCommand = curlCommand({ method, url, body: text === '' ? undefined : parseBody(text) })
  if (!isCaptureArmed) return null
  isCaptureArmed = false
  return lastCommand
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
