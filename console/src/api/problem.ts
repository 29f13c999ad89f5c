import { type FieldErrors, type FieldMessages, localizeFieldErrors } from './fieldErrors'
import type { components } from './schema'

type Answerer = components['schemas']['Creator']

/** An error response of the server, with its message (RFC 9457), or a request that got no
 *  response. */
export class Problem extends Error {
  constructor(
    /** The code that clients switch on; `unreachable` if there was no response. */
    readonly code: string,
    /** The HTTP status; 0 if there was no response. */
    readonly status: number,
    /** A sentence for people. */
    readonly detail: string,
    /** Errors by field, translated. */
    readonly errors: FieldMessages = {},
    readonly requestId: string | null = null,
    readonly retryAfterSeconds: number | null = null,
    /** Remaining password attempts; null if no password was checked. */
    readonly remaining: number | null = null,
    /** Who answered first, with `already_answered`. */
    readonly answeredBy: Answerer | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
  }
}

type ProblemBody = {
  code?: string
  detail?: string
  title?: string
  errors?: FieldMessages
  errorCodes?: FieldErrors
  answeredBy?: Answerer
}

/** Converts an error response with this body to a Problem. */
export function parseProblem(response: Response, body: unknown): Problem {
  const parsed: ProblemBody = typeof body === 'object' && body !== null ? body : {}
  const retryAfter = Number(response.headers.get('Retry-After'))
  const remaining = response.headers.get('RateLimit-Remaining')
  return new Problem(
    parsed.code ?? 'internal_error',
    response.status,
    parsed.detail ?? parsed.title ?? `${response.status} ${response.statusText}`,
    localizeFieldErrors(parsed.errors ?? {}, parsed.errorCodes),
    response.headers.get('X-Request-ID'),
    retryAfter > 0 ? retryAfter : null,
    remaining === null ? null : Number(remaining),
    parsed.answeredBy ?? null,
  )
}

export function unreachableProblem(): Problem {
  return new Problem('unreachable', 0, 'The server cannot be reached.')
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('broken_page', 0, error instanceof Error ? error.message : String(error))
}

/** Whether a retry may succeed: the server is unreachable or failed internally (5xx). */
export function isTransient(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'unreachable' || error.status >= 500)
}
