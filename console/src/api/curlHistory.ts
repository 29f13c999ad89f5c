/** This page's changes as curl commands: the last one sent, or the next one instead of sending
 *  it. */
import { curlCommand } from '../lib/net/curl'

/** Requests that the page sends on its own. They are not recorded, so they don't replace a command
 *  that the user triggered. */
const AUTOMATIC_REQUESTS =
  /\/profile\/drafts(\/\d+)?$|\/notifications\/\d+\/read$|\/pty-token$|\/dry-run$|[?&]dryRun=true\b/

let lastCommand: string | null = null
let isCaptureArmed = false

/** Captures the next request instead of sending it. */
export function captureNextRequest(): void {
  isCaptureArmed = true
}

export function lastCurlCommand(): string | null {
  return lastCommand
}

/** Clears the history, so that the next user can't read it. */
export function clearCurlHistory(): void {
  lastCommand = null
  isCaptureArmed = false
}

/** Records a request. Returns its curl command if it is to be shown instead of sent, otherwise
 *  null. */
export async function recordRequest(request: Request): Promise<string | null> {
  if (request.method === 'GET' || AUTOMATIC_REQUESTS.test(request.url)) return null
  const text = await request.clone().text()
  // Stored as it is shown: without secrets.
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
