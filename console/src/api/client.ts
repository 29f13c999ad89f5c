import createClient, { type FetchResponse } from 'openapi-fetch'
import type { MediaType } from 'openapi-typescript-helpers'
import { confirmed } from '../session/confirm'
import * as session from '../session/session'
import { told } from './acts'
import { isStillConfirmed, wantsConfirmation } from './confirming'
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
 *  more, and after a confirmation where the server wants one. Throws Problem `unreachable`, and
 *  `confirmation_required` where one did not confirm. */
export async function authorized(request: Request): Promise<Response> {
  const line = await told(request)
  if (line !== null) throw new Problem('shown_as_curl', 0, line)
  const again = request.clone()
  const last = request.clone()
  const token = await session.token()
  if (wantsConfirmation(request.method, request.url) && !(await isConfirmed(token))) {
    if (!(await confirmed())) throw notConfirmed()
  }
  let answer = await sent(request, token)
  if (answer.status === 401 && token !== null) {
    answer = await sent(again, await session.renewed(token))
  }
  if (answer.status === 403 && (await codeOf(answer)) === 'confirmation_required') {
    if (await confirmed()) answer = await sent(last, await session.token())
  }
  return answer
}

/** Also where that cannot be known: the act itself will tell. */
async function isConfirmed(token: string | null): Promise<boolean> {
  const answer = await sent(new Request('/api/web/profile'), token)
  if (!answer.ok) return true
  const { confirmedUntil } = (await answer.json()) as components['schemas']['Profile']
  return isStillConfirmed(confirmedUntil, answer.headers.get('Date'))
}

function notConfirmed(): Problem {
  return new Problem('confirmation_required', 403, 'Prove that it is you, and ask again.')
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
