import * as session from '../auth/session'
import { parseProblem, unreachableProblem } from './problem'

/** Posts a file, and reports which part of it was sent, from 0 to 1. `fetch` can't do that.
 *  Returns the response's JSON. Throws Problem, and an AbortError once `signal` is aborted. */
export async function uploadFile<T>(
  url: string,
  file: File,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<T> {
  const token = await session.token()
  let answer = await post(url, file, token, onProgress, signal)
  if (answer.status === 401 && token !== null) {
    answer = await post(url, file, await session.renewToken(token), onProgress, signal)
  }
  const body: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw parseProblem(answer, body)
  return body as T
}

function post(
  url: string,
  file: File,
  token: string | null,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    request.open('POST', url)
    request.setRequestHeader('Content-Type', file.type)
    if (token !== null) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0)
    request.onload = () => resolve(responseOf(request))
    request.onerror = () => reject(unreachableProblem())
    request.onabort = () => reject(new DOMException('Aborted', 'AbortError'))
    request.onloadend = () => signal.removeEventListener('abort', abort)
    signal.addEventListener('abort', abort)
    if (signal.aborted) reject(new DOMException('Aborted', 'AbortError'))
    else request.send(file)
  })
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers()
  for (const name of ['X-Request-ID', 'Retry-After']) {
    const value = request.getResponseHeader(name)
    if (value !== null) headers.set(name, value)
  }
  return new Response(request.responseText, { status: request.status, headers })
}
