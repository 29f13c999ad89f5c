import { type FieldErrors, type FieldMessages, localizeFieldErrors } from './fieldErrors'
import type { components } from './schema'

type Answerer = components['schemas']['Creator']

/** What the server refuses, in its own words (RFC 9457), or that it could not be asked. */
export class Problem extends Error {
  constructor(
    /** What clients switch on; `unreachable` where there was no answer. */
    readonly code: string,
    /** The HTTP status; 0 where there was no answer. */
    readonly status: number,
    /** A sentence for people. */
    readonly detail: string,
    /** By field: what is wrong with it, in one's language. */
    readonly errors: FieldMessages = {},
    readonly requestId: string | null = null,
    readonly retryAfterSeconds: number | null = null,
    /** How many more tries a password has; null where none was asked for. */
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

/** The problem that an answer of `status` with this body tells. */
export function parseProblem(response: Response, body: unknown): Problem {
  const told: ProblemBody = typeof body === 'object' && body !== null ? body : {}
  const retryAfter = Number(response.headers.get('Retry-After'))
  const remaining = response.headers.get('RateLimit-Remaining')
  return new Problem(
    told.code ?? 'internal_error',
    response.status,
    told.detail ?? told.title ?? `${response.status} ${response.statusText}`,
    localizeFieldErrors(told.errors ?? {}, told.errorCodes),
    response.headers.get('X-Request-ID'),
    retryAfter > 0 ? retryAfter : null,
    remaining === null ? null : Number(remaining),
    told.answeredBy ?? null,
  )
}

export function unreachableProblem(): Problem {
  return new Problem('unreachable', 0, 'The server cannot be reached.')
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('broken_page', 0, error instanceof Error ? error.message : String(error))
}

/** Whether the same may go well in a moment: the server is away, or has a bad one itself. */
export function isTransient(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'unreachable' || error.status >= 500)
}
