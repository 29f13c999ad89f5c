import createClient, { type FetchResponse } from 'openapi-fetch'
import type { MediaType } from 'openapi-typescript-helpers'
import { reauthenticate } from '../auth/reauthentication'
import * as session from '../auth/session'
import { recordRequest } from './curlHistory'
import { Problem, parseProblem, unreachableProblem } from './problem'
import { isReauthenticationValid, requiresReauthentication } from './reauthenticationRoutes'
import type { components, paths } from './schema'

/** The shapes of the contract, by the names that it gives them. */
export type Schemas = components['schemas']

/** Every route of the contract. Its answers are taken out of their envelope by `data`. */
export const api = createClient<paths>({ baseUrl: '', fetch: authorizedFetch })

/** What is answered. Throws Problem. */
export async function data<T extends Record<string | number, unknown>, O, M extends MediaType>(
  asked: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>['data']>> {
  const answer = await asked
  if (!answer.response.ok) throw parseProblem(answer.response, answer.error)
  return answer.data as NonNullable<FetchResponse<T, O, M>['data']>
}

/** `fetch` as the one who is signed in: with a token, with another one if that is not good any
 *  more, and after a confirmation where the server wants one. Throws Problem `unreachable`, and
 *  `reauthentication_required` where one did not confirm. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const line = await recordRequest(request)
  if (line !== null) throw new Problem('shown_as_curl', 0, line)
  const again = request.clone()
  const last = request.clone()
  const token = await session.token()
  if (requiresReauthentication(request.method, request.url) && !(await isReauthenticated(token))) {
    if (!(await reauthenticate())) throw reauthenticationProblem()
  }
  let answer = await send(request, token)
  if (answer.status === 401 && token !== null) {
    answer = await send(again, await session.renewToken(token))
  }
  if (answer.status === 403 && (await codeOf(answer)) === 'reauthentication_required') {
    if (await reauthenticate()) answer = await send(last, await session.token())
  }
  return answer
}

/** Also where that cannot be known: the act itself will tell. */
async function isReauthenticated(token: string | null): Promise<boolean> {
  const answer = await send(new Request('/api/web/profile'), token)
  if (!answer.ok) return true
  const { reauthenticatedUntil } = (await answer.json()) as components['schemas']['Profile']
  return isReauthenticationValid(reauthenticatedUntil, answer.headers.get('Date'))
}

function reauthenticationProblem(): Problem {
  return new Problem('reauthentication_required', 403, 'Prove that it is you, and ask again.')
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`)
  try {
    return await fetch(request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw unreachableProblem()
  }
}

async function codeOf(answer: Response): Promise<string | undefined> {
  try {
    return ((await answer.clone().json()) as { code?: string }).code
  } catch {
    return undefined
  }
}
