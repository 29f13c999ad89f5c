import { api, data } from '../api/client'
import { asProblem } from '../api/problem'
import { token } from '../auth/session'
import type { Channel } from '../lib/terminal/connection'
import { cache } from './cache'
import { task } from './task'

/** The task was read so lately that its terminal is still there. */
const FRESH_MILLISECONDS = 1000

/** What opens one socket to the task's terminal, with the most that one may do there. It is asked
 *  for where there is one alone: a line that was cut may come back to a gate. Throws Problem where
 *  that cannot be said now. */
export async function terminalChannel(taskId: number): Promise<Channel> {
  try {
    const { hasTerminal } = await cache.fetchQuery({
      ...task(taskId),
      staleTime: FRESH_MILLISECONDS,
      retry: false,
    })
    if (!hasTerminal) return { refused: 'none' }
    const path = { taskId }
    const given = await data(
      api.POST('/api/web/tasks/{taskId}/pty-token', { params: { path }, body: {} }),
    )
    // After the answer: it may have taken another token to get it.
    const bearer = await token()
    if (bearer === null) return { refused: 'signedOut' }
    return { token: bearer, channelToken: given.channelToken, mode: given.mode }
  } catch (error) {
    const { code, status } = asProblem(error)
    if (code === 'no_terminal') return { refused: 'none' }
    if (status === 401) return { refused: 'signedOut' }
    if (status === 403) return { refused: 'forbidden' }
    if (status === 404) return { refused: 'missing' }
    throw error
  }
}

export function terminalSocket(taskId: number): WebSocket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return new WebSocket(`${scheme}://${location.host}/ws/pty/${taskId}`)
}
