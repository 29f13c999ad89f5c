/** The acts of this page as curl: the last one that was done, or the next one in place of doing it. */
import { type Asked, curlOf } from '../lib/curl'

let last: Asked | null = null
let isNextShown = false

/** The next act is told to `shown` and not done. */
export function showNext(): void {
  isNextShown = true
}

export function lastAsCurl(): string | null {
  return last && curlOf(last)
}

/** Remember an act. Its line, if it is to be shown and not sent. */
export async function told(request: Request): Promise<string | null> {
  if (request.method === 'GET') return null
  const text = await request.clone().text()
  last = { method: request.method, url: request.url, body: text === '' ? undefined : parsed(text) }
  if (!isNextShown) return null
  isNextShown = false
  return curlOf(last)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
