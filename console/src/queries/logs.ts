import { queryOptions } from '@tanstack/react-query'
import { api, authorizedFetch, data, type Schemas } from '../api/client'
import { parseProblem } from '../api/problem'

export type LogLine = Schemas['LogLine']

type LogPosition = { offset: number } | { byte: number }

/** Fetches lines of an attempt's log; `total` is their number. Throws Problem. */
export function logLines(
  taskId: number,
  attempt: number,
  where: LogPosition,
  limit: number,
  signal?: AbortSignal,
) {
  const params = { path: { taskId }, query: { attempt, ...where, limit } }
  return data(api.GET('/api/web/tasks/{taskId}/logs', { params, signal: signal ?? null }))
}

/** The number of lines per page; pages are fetched as they become visible. */
export const PAGE_LINES = 200

/** Fetches the current number of lines. */
export const logTotal = (taskId: number, attempt: number) =>
  queryOptions({
    queryKey: ['log', taskId, attempt, 'total'],
    queryFn: async () => (await logLines(taskId, attempt, { offset: 0 }, 1)).total,
  })

/** `isComplete`: it won't change, because another line follows it. */
export type LogPage = { lines: LogLine[]; isComplete: boolean }

/** Fetches a page of lines. */
export const logPage = (taskId: number, attempt: number, page: number) =>
  queryOptions({
    queryKey: ['log', taskId, attempt, page],
    queryFn: async ({ signal }): Promise<LogPage> => {
      const found: LogLine[] = []
      let total = 0
      for (let next: number | null = page * PAGE_LINES; next !== null; ) {
        const left = (page + 1) * PAGE_LINES - next
        if (left <= 0) break
        const some = await logLines(taskId, attempt, { offset: next }, left, signal)
        found.push(...some.items)
        total = some.total
        next = some.items.length > 0 ? some.nextOffset : null
      }
      return { lines: found, isComplete: total > (page + 1) * PAGE_LINES }
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })

/** Fetches the byte ranges that the machine has lost. */
export const logGaps = (taskId: number, attempt: number) =>
  queryOptions({
    queryKey: ['log', taskId, attempt, 'gaps'],
    queryFn: async () => (await logBytes(taskId, attempt, 0, 1)).gaps,
  })

/** A byte range of a log: its bytes, its start, the log's size, and the ranges that the machine has
 *  lost. */
export type LogBytes = {
  bytes: Uint8Array<ArrayBuffer>
  from: number
  size: number
  gaps: { from: number; to: number }[]
}

/** Fetches the bytes [from, to) that exist of an attempt's log; a negative `from` counts from the
 *  end. The log must not be empty, because then no range is valid. Throws Problem. */
export async function logBytes(
  taskId: number,
  attempt: number,
  from: number,
  to?: number,
  signal?: AbortSignal,
): Promise<LogBytes> {
  const range = from < 0 ? `bytes=${from}` : `bytes=${from}-${to === undefined ? '' : to - 1}`
  const answer = await fetchRawLog(taskId, attempt, { Range: range }, signal)
  const [, first, size] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '') ?? []
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return {
    bytes,
    from: Number(first ?? 0),
    size: Number(size ?? bytes.length),
    gaps: parseGaps(answer.headers.get('X-Log-Gaps')),
  }
}

/** Fetches the whole log as a stream. Throws Problem. */
export function fetchLog(taskId: number, attempt: number): Promise<Response> {
  return fetchRawLog(taskId, attempt, {})
}

/** Longer recordings can only be downloaded: a player keeps all of one in memory. */
const MAX_RECORDING_BYTES = 64e6

/** Fetches the attempt's recording as asciicast; null if it is too long to be played. */
export const recording = (taskId: number, attempt: number) =>
  queryOptions({
    queryKey: ['recording', taskId, attempt],
    queryFn: async ({ signal }) => {
      const answer = await fetchRecording(taskId, attempt, signal)
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        text += read.value
        if (text.length > MAX_RECORDING_BYTES) {
          await reader?.cancel()
          return null
        }
      }
      return text
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Fetches the recording as a stream. Throws Problem. */
export function fetchRecording(taskId: number, attempt: number, signal?: AbortSignal) {
  return authorizedGet(`/api/web/tasks/${taskId}/recording?attempt=${attempt}`, {}, signal)
}

function fetchRawLog(
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
  const answer = await authorizedFetch(request)
  if (!answer.ok) throw parseProblem(answer, await answer.json().catch(() => null))
  return answer
}

/** Parses `12-40, 90-100`. */
function parseGaps(header: string | null): { from: number; to: number }[] {
  return (header ?? '').split(', ').flatMap((span) => {
    const [from, to] = span.split('-').map(Number)
    return from !== undefined && to !== undefined ? [{ from, to }] : []
  })
}
