/** A task's own stream: its events, its transcript's entries, its log's bytes, as they come. One
 *  connection for all who listen to one task in a tab; it rests while the tab is hidden, and goes on
 *  from where it was, so that nothing is missed and nothing comes twice. */
import { useEffect } from 'react'
import type { Schemas } from '../api/client'
import { pauseBefore } from './pause'
import { Reader } from './taskReader'

export type LogBytes = { attempt: number; offset: number; bytes: () => Uint8Array<ArrayBuffer> }
/** How far things were when the stream began: what is before that is read by lists. */
type HowFar = {
  events: number
  /** By attempt, bytes. */
  logs: Record<string, number>
  /** By attempt, entries. */
  transcripts: Record<string, number>
}
export type TaskListener = {
  events?: (events: Schemas['Event'][]) => void
  transcript?: (entries: Schemas['TranscriptEntry'][]) => void
  log?: (piece: LogBytes) => void
  /** The stream begins here; `isReset` where it had begun before and cannot be gone on with: what
   *  was read has to be read anew. */
  begins?: (howFar: HowFar, isReset: boolean) => void
  live?: (isLive: boolean) => void
}

/** A stream rests so long after its tab was hidden: who looks elsewhere for a moment misses nothing. */
const REST_MILLISECONDS = 10_000
/** One that ends sooner is not tried again at once. */
const WELL_MILLISECONDS = 5000

const streams = new Map<number, TaskStream>()

/** Listen to a task's stream while the component is there. `listener` may be another one each time:
 *  give one that is stable (useMemo, or of the module) where that costs. */
export function useTaskStream(taskId: number, listener: TaskListener): void {
  useEffect(() => listen(taskId, listener), [taskId, listener])
}

/** Listen until the answer is called. Where the stream has begun already, `begins` is told at once. */
export function listen(taskId: number, listener: TaskListener): () => void {
  const stream = streams.get(taskId) ?? new TaskStream(taskId)
  streams.set(taskId, stream)
  stream.add(listener)
  return () => {
    stream.remove(listener)
    // Not at once: who goes from one view to another keeps the connection.
    setTimeout(() => {
      if (!stream.isIdle || streams.get(taskId) !== stream) return
      streams.delete(taskId)
      stream.stop()
    }, 1000)
  }
}

class TaskStream {
  private readonly listeners = new Set<TaskListener>()
  private readonly reader: Reader
  private howFar: HowFar | null = null
  private failures = 0
  private again: ReturnType<typeof setTimeout> | undefined
  private rest: ReturnType<typeof setTimeout> | undefined
  private isOver = false

  constructor(taskId: number) {
    this.reader = new Reader(taskId, (event, data) => this.heard(event, data))
    addEventListener('online', this.soon)
    document.addEventListener('visibilitychange', this.looked)
    void this.read()
  }

  get isIdle(): boolean {
    return this.listeners.size === 0
  }

  add(listener: TaskListener): void {
    this.listeners.add(listener)
    if (this.howFar) listener.begins?.(this.howFar, false)
    if (this.reader.isOpen) listener.live?.(true)
  }

  remove(listener: TaskListener): void {
    this.listeners.delete(listener)
  }

  stop(): void {
    this.isOver = true
    removeEventListener('online', this.soon)
    document.removeEventListener('visibilitychange', this.looked)
    clearTimeout(this.again)
    clearTimeout(this.rest)
    this.reader.close()
  }

  private async read(): Promise<void> {
    clearTimeout(this.again)
    if (this.isOver || this.reader.isOpen || document.hidden) return
    const since = Date.now()
    const hasBegun = (await this.reader.read()) && Date.now() - since > WELL_MILLISECONDS
    this.tell((listener) => listener.live?.(false))
    if (this.isOver || this.reader.isRefused) return
    this.failures = hasBegun ? 0 : this.failures + 1
    this.again = setTimeout(() => void this.read(), pauseBefore(this.failures))
  }

  private readonly soon = (): void => {
    void this.read()
  }

  private readonly looked = (): void => {
    clearTimeout(this.rest)
    if (document.hidden) this.rest = setTimeout(() => this.reader.close(), REST_MILLISECONDS)
    else void this.read()
  }

  private heard(event: string, data: unknown): void {
    if (event === 'hello' || event === 'reset') {
      const howFar = data as HowFar
      this.howFar = howFar
      this.tell((listener) => listener.begins?.(howFar, event === 'reset'))
    } else if (event === 'open') {
      this.tell((listener) => listener.live?.(true))
    } else if (event === 'events') {
      this.tell((listener) => listener.events?.(data as Schemas['Event'][]))
    } else if (event === 'transcript') {
      this.tell((listener) => listener.transcript?.(data as Schemas['TranscriptEntry'][]))
    } else if (event === 'log') {
      const { attempt, offset, data: text } = data as Told
      // Bytes are made of it where they are looked at alone: a flood has many.
      const piece: LogBytes = { attempt, offset, bytes: () => bytesOf(text) }
      this.tell((listener) => listener.log?.(piece))
    }
  }

  private tell(say: (listener: TaskListener) => void): void {
    for (const listener of [...this.listeners]) say(listener)
  }
}

type Told = { attempt: number; offset: number; data: string }

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
