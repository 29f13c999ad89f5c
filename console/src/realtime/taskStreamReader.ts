/** Reads a task's stream once, and remembers its position. */
import { createParser } from 'eventsource-parser'
import { renewToken, token } from '../auth/session'

export class TaskStreamReader {
  isOpen = false
  /** The server denies access to the task, or it no longer exists. */
  isRefused = false
  private lastId: string | null = null
  private abort: AbortController | null = null

  constructor(
    private readonly taskId: number,
    private readonly onEvent: (event: string, data: unknown) => void,
  ) {}

  close(): void {
    this.abort?.abort()
  }

  /** Reads until the stream ends. Returns whether it started successfully. */
  async read(): Promise<boolean> {
    this.isOpen = true
    this.abort = new AbortController()
    try {
      return await this.readAll(this.abort.signal)
    } catch {
      return this.abort.signal.aborted
    } finally {
      this.isOpen = false
    }
  }

  private async readAll(signal: AbortSignal): Promise<boolean> {
    const bearer = await token()
    if (bearer === null) return false
    const headers: Record<string, string> = { Authorization: `Bearer ${bearer}` }
    if (this.lastId !== null) headers['Last-Event-ID'] = this.lastId
    const path = `/api/web/tasks/${this.taskId}/stream`
    const answer = await fetch(path, { headers, cache: 'no-store', signal })
    if (answer.status === 401) await renewToken(bearer)
    this.isRefused = answer.status === 403 || answer.status === 404
    if (!answer.ok || answer.body === null) return false
    this.onEvent('open', null)
    const parser = createParser({
      onEvent: ({ event, id, data }) => {
        if (id) this.lastId = id
        if (event) this.onEvent(event, JSON.parse(data))
      },
    })
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parser.feed(read.value)
    }
    return true
  }
}
