import { api, data } from '../api/client'
import { asProblem } from '../api/problem'
import { token } from '../auth/session'
import type { Channel } from '../lib/terminal/connection'
import { cache } from './cache'
import { task } from './task'

/** The stage's own terminal, or that of a shell beside it. */
export type TerminalKind = 'stage' | 'shell'

/** A task fetched this recently still has its terminal. */
const FRESH_MILLISECONDS = 1000

/** Requests what opens one socket to the task's terminal, with the highest mode that the user is
 *  allowed. Requests a token only if there is a terminal: after a reconnect the task may be at a
 *  gate. Throws Problem if that can't be determined now. */
export async function terminalChannel(taskId: number, terminal: TerminalKind): Promise<Channel> {
  try {
    const { hasTerminal } = await cache.fetchQuery({
      ...task(taskId),
      staleTime: FRESH_MILLISECONDS,
      retry: false,
    })
    if (!hasTerminal) return { refused: 'none' }
    const path = { taskId }
    const given = await data(
      api.POST('/api/web/tasks/{taskId}/pty-token', { params: { path }, body: { terminal } }),
    )
    // Read after the response, because the request may have renewed the token.
    const bearer = await token()
    if (bearer === null) return { refused: 'signedOut' }
    return { token: bearer, channelToken: given.channelToken, mode: given.mode }
  } catch (error) {
    const { code, status } = asProblem(error)
    if (code === 'no_terminal') return { refused: 'none' }
    if (code === 'no_shell') return { refused: 'noShell' }
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
