import createClient, { type FetchResponse } from 'openapi-fetch'
import type { MediaType } from 'openapi-typescript-helpers'
import { reauthenticate } from '../auth/reauthentication'
import * as session from '../auth/session'
import { recordRequest } from './curlHistory'
import { Problem, parseProblem, unreachableProblem } from './problem'
import { isReauthenticationValid, requiresReauthentication } from './reauthenticationRoutes'
import type { components, paths } from './schema'

/** The contract's schemas, by name. */
export type Schemas = components['schemas']

/** Client for every route of the contract. `data` returns the body of a response. */
export const api = createClient<paths>({ baseUrl: '', fetch: authorizedFetch })

/** Returns the response's body. Throws Problem. */
export async function data<T extends Record<string | number, unknown>, O, M extends MediaType>(
  asked: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>['data']>> {
  const answer = await asked
  if (!answer.response.ok) throw parseProblem(answer.response, answer.error)
  return answer.data as NonNullable<FetchResponse<T, O, M>['data']>
}

/** `fetch` with the user's access token. Renews a token that the server rejects, and asks for
 *  reauthentication where a route requires it. Throws Problem `unreachable`, and
 *  `reauthentication_required` if the user doesn't reauthenticate. */
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

/** Also true if that can't be determined: the request itself will show it. */
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
