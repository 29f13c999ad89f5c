import { api, data } from '../api/client'
import { asProblem } from '../api/problem'
import type { Channel } from '../lib/terminal/line'
import { token } from '../session/session'

/** What opens one socket to the task's terminal, with the most that one may do there. Throws
 *  Problem where that cannot be said now. */
export async function terminalChannel(taskId: number): Promise<Channel> {
  try {
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
