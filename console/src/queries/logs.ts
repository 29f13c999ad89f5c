import { api, authorized, data, type Schemas } from '../api/client'
import { problemOf } from '../api/problem'

export type LogLine = Schemas['LogLine']

/** Lines of an attempt's log, from `offset` on; `total` is how many it has. Throws Problem. */
export function logLines(taskId: number, attempt: number, offset: number, limit: number) {
  const params = { path: { taskId }, query: { attempt, offset, limit } }
  return data(api.GET('/api/web/tasks/{taskId}/logs', { params }))
}

/** Of a log's bytes: from where, up to where, of how many; and which the machine has lost. */
export type LogBytes = {
  bytes: Uint8Array<ArrayBuffer>
  from: number
  size: number
  gaps: { from: number; to: number }[]
}

/** The bytes [from, to) of what there is of an attempt's log; from its end, where `from` is
 *  negative. Only where it has any: of an empty one there is no range. Throws Problem. */
export async function logBytes(
  taskId: number,
  attempt: number,
  from: number,
  to?: number,
  signal?: AbortSignal,
): Promise<LogBytes> {
  const range = from < 0 ? `bytes=${from}` : `bytes=${from}-${to === undefined ? '' : to - 1}`
  const answer = await asked(taskId, attempt, { Range: range }, signal)
  const [, first, size] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '') ?? []
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return {
    bytes,
    from: Number(first ?? 0),
    size: Number(size ?? bytes.length),
    gaps: gapsOf(answer.headers.get('X-Log-Gaps')),
  }
}

/** All of it, as it comes. Throws Problem. */
export function wholeLog(taskId: number, attempt: number): Promise<Response> {
  return asked(taskId, attempt, {})
}

/** The attempt's recording as asciicast. Throws Problem. */
export async function recording(taskId: number, attempt: number): Promise<string> {
  return await (await authorizedGet(`/api/web/tasks/${taskId}/recording?attempt=${attempt}`)).text()
}

function asked(
  taskId: number,
  attempt: number,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> {
  return authorizedGet(`/api/web/tasks/${taskId}/logs/raw?attempt=${attempt}`, headers, signal)
}

async function authorizedGet(
  path: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const request = new Request(path, { headers, signal: signal ?? null })
  const answer = await authorized(request)
  if (!answer.ok) throw problemOf(answer, await answer.json().catch(() => null))
  return answer
}

/** `12-40, 90-100`. */
function gapsOf(header: string | null): { from: number; to: number }[] {
  return (header ?? '').split(', ').flatMap((span) => {
    const [from, to] = span.split('-').map(Number)
    return from !== undefined && to !== undefined ? [{ from, to }] : []
  })
}
