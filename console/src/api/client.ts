import createClient, { type FetchResponse } from 'openapi-fetch'
import type { MediaType } from 'openapi-typescript-helpers'
import { confirmed } from '../session/confirm'
import * as session from '../session/session'
import { told } from './acts'
import { Problem, problemOf, unreachable } from './problem'
import type { components, paths } from './schema'

/** The shapes of the contract, by the names that it gives them. */
export type Schemas = components['schemas']

/** Every route of the contract. Its answers are taken out of their envelope by `data`. */
export const api = createClient<paths>({ baseUrl: '', fetch: authorized })

/** What is answered. Throws Problem. */
export async function data<T extends Record<string | number, unknown>, O, M extends MediaType>(
  asked: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>['data']>> {
  const answer = await asked
  if (!answer.response.ok) throw problemOf(answer.response, answer.error)
  return answer.data as NonNullable<FetchResponse<T, O, M>['data']>
}

/** `fetch` as the one who is signed in: with a token, with another one if that is not good any
 *  more, and again after a confirmation that the server wants. Throws Problem `unreachable`. */
export async function authorized(request: Request): Promise<Response> {
  const line = await told(request)
  if (line !== null) throw new Problem('shown_as_curl', 0, line)
  const again = request.clone()
  const last = request.clone()
  const token = await session.token()
  let answer = await sent(request, token)
  if (answer.status === 401 && token !== null) {
    answer = await sent(again, await session.renewed(token))
  }
  if (answer.status === 403 && (await codeOf(answer)) === 'confirmation_required') {
    if (await confirmed()) answer = await sent(last, await session.token())
  }
  return answer
}

async function sent(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`)
  try {
    return await fetch(request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw unreachable()
  }
}

async function codeOf(answer: Response): Promise<string | undefined> {
  try {
    return ((await answer.clone().json()) as { code?: string }).code
  } catch {
    return undefined
  }
}
