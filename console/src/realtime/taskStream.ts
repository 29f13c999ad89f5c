/** A task's own stream: events, transcript entries and log bytes, live. All listeners of a task in
 *  a tab share one connection. It pauses while the tab is hidden and resumes where it was, so
 *  nothing is missed or repeated. */
import { useEffect } from 'react'
import type { Schemas } from '../api/client'
import type { TextPart } from '../lib/task/liveText'
import { backoffMilliseconds } from './backoff'
import { TaskStreamReader } from './taskStreamReader'

export type LogChunk = { attempt: number; offset: number; bytes: () => Uint8Array<ArrayBuffer> }
/** The positions at which the stream started; what is before them is fetched by lists. */
type StreamPositions = {
  events: number
  /** By attempt, in bytes. */
  logs: Record<string, number>
  /** By attempt, in entries. */
  transcripts: Record<string, number>
}
export type TaskListener = {
  events?: (events: Schemas['Event'][]) => void
  transcript?: (entries: Schemas['TranscriptEntry'][]) => void
  /** A part of what the agent is writing. */
  text?: (part: TextPart) => void
  log?: (piece: LogChunk) => void
  /** The stream starts at these positions. `isReset`: it can't resume an earlier one, so everything
   *  must be fetched again. */
  started?: (howFar: StreamPositions, isReset: boolean) => void
  connected?: (isLive: boolean) => void
}

/** A stream pauses this long after its tab was hidden, so that a short switch interrupts
 *  nothing. */
const IDLE_MILLISECONDS = 10_000
/** A stream that ends sooner isn't retried immediately. */
const STABLE_MILLISECONDS = 5000

const streams = new Map<number, TaskStream>()

/** Subscribes to a task's stream while the component is mounted. A new `listener` resubscribes, so
 *  keep it stable (useMemo, or a module's constant). */
export function useTaskStream(taskId: number, listener: TaskListener): void {
  useEffect(() => subscribeToTask(taskId, listener), [taskId, listener])
}

/** Subscribes to a task's stream; returns the unsubscribe function. Calls `started` immediately if
 *  the stream has started. */
export function subscribeToTask(taskId: number, listener: TaskListener): () => void {
  const stream = streams.get(taskId) ?? new TaskStream(taskId)
  streams.set(taskId, stream)
  stream.add(listener)
  return () => {
    stream.remove(listener)
    // Delayed, so that switching between views keeps the connection.
    setTimeout(() => {
      if (!stream.isIdle || streams.get(taskId) !== stream) return
      streams.delete(taskId)
      stream.stop()
    }, 1000)
  }
}

class TaskStream {
  private readonly listeners = new Set<TaskListener>()
  private readonly reader: TaskStreamReader
  private positions: StreamPositions | null = null
  private failures = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private idleTimer: ReturnType<typeof setTimeout> | undefined
  private isStopped = false

  constructor(taskId: number) {
    this.reader = new TaskStreamReader(taskId, (event, data) => this.dispatch(event, data))
    addEventListener('online', this.reconnect)
    document.addEventListener('visibilitychange', this.handleVisibilityChange)
    void this.read()
  }

  get isIdle(): boolean {
    return this.listeners.size === 0
  }

  add(listener: TaskListener): void {
    this.listeners.add(listener)
    if (this.positions) listener.started?.(this.positions, false)
    if (this.reader.isOpen) listener.connected?.(true)
  }

  remove(listener: TaskListener): void {
    this.listeners.delete(listener)
  }

  stop(): void {
    this.isStopped = true
    removeEventListener('online', this.reconnect)
    document.removeEventListener('visibilitychange', this.handleVisibilityChange)
    clearTimeout(this.retryTimer)
    clearTimeout(this.idleTimer)
    this.reader.close()
  }

  private async read(): Promise<void> {
    clearTimeout(this.retryTimer)
    if (this.isStopped || this.reader.isOpen || document.hidden) return
    const since = Date.now()
    const hasBegun = (await this.reader.read()) && Date.now() - since > STABLE_MILLISECONDS
    this.notify((listener) => listener.connected?.(false))
    if (this.isStopped || this.reader.isRefused) return
    this.failures = hasBegun ? 0 : this.failures + 1
    this.retryTimer = setTimeout(() => void this.read(), backoffMilliseconds(this.failures))
  }

  private readonly reconnect = (): void => {
    void this.read()
  }

  private readonly handleVisibilityChange = (): void => {
    clearTimeout(this.idleTimer)
    if (document.hidden) this.idleTimer = setTimeout(() => this.reader.close(), IDLE_MILLISECONDS)
    else void this.read()
  }

  private dispatch(event: string, data: unknown): void {
    if (event === 'hello' || event === 'reset') {
      const howFar = data as StreamPositions
      this.positions = howFar
      this.notify((listener) => listener.started?.(howFar, event === 'reset'))
    } else if (event === 'open') {
      this.notify((listener) => listener.connected?.(true))
    } else if (event === 'events') {
      this.notify((listener) => listener.events?.(data as Schemas['Event'][]))
    } else if (event === 'transcript') {
      this.notify((listener) => listener.transcript?.(data as Schemas['TranscriptEntry'][]))
    } else if (event === 'text') {
      this.notify((listener) => listener.text?.(data as TextPart))
    } else if (event === 'log') {
      const { attempt, offset, data: text } = data as LogMessage
      // Decoded lazily, because a flood has many chunks that are never displayed.
      const piece: LogChunk = { attempt, offset, bytes: () => decodeBase64(text) }
      this.notify((listener) => listener.log?.(piece))
    }
  }

  private notify(call: (listener: TaskListener) => void): void {
    for (const listener of [...this.listeners]) call(listener)
  }
}

type LogMessage = { attempt: number; offset: number; data: string }

function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
