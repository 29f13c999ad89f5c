/** One's line to a terminal: it comes back by itself, to the byte, after a cut, a sleep, or a
 *  server that was restarted. All that is the browser's own is given. */
import { type Heard, heard, type Looker, type Mode, type Said, typed } from './frames'
import { after, moved, NOWHERE, type Place, resumeFrom, type Span } from './place'

export type Ended = 'attempt' | 'task' | 'forbidden' | 'missing' | 'full' | 'none' | 'signedOut'

export type State =
  | { is: 'connecting' }
  | { is: 'live'; mode: Mode; may: Mode; cols: number; rows: number; people: Looker[] }
  | { is: 'away'; since: number; triedAt: number }
  | { is: 'over'; why: Ended }

/** What came since a cut. `missed`: null where it is all here. */
export type Back = { awayMilliseconds: number; bytes: number; missed: Span | null }

export type Told =
  | { kind: 'state'; state: State }
  | { kind: 'bytes'; bytes: Uint8Array; end: number }
  | { kind: 'screen'; cols: number; rows: number; data: string; exact: boolean; offset: number }
  | { kind: 'size'; cols: number; rows: number }
  /** Another attempt has begun, or the first: what was shown is not of it. */
  | { kind: 'clear'; attempt: number }
  | { kind: 'skipped'; span: Span }
  | { kind: 'back'; back: Back }
  | { kind: 'takenOver'; by: string | null }
  | { kind: 'refused'; code: string }
  | { kind: 'exit'; code: number; stageIndex: number }

export type Channel = { token: string; channelToken: string; mode: Mode } | { refused: Ended }

type Means = {
  /** A channel token for one socket. Throws where the server cannot be reached. */
  channel: () => Promise<Channel>
  open: () => WebSocket
  pauseBefore: (failures: number) => number
}

/** The server pings every 20 s: nothing for so long, and the line is dead. */
const SILENCE_MILLISECONDS = 45_000
/** A line that is new and closes with these has met something for good, or a token that was late. */
const ENDS: Record<number, Ended> = {
  4403: 'forbidden',
  4404: 'missing',
  4409: 'attempt',
  4410: 'task',
  4429: 'full',
}
/** So long after `ready` bytes count as what came while one was away. */
const BACK_MILLISECONDS = 3000

export class Line {
  state: State = { is: 'over', why: 'none' }
  place: Place = NOWHERE
  private socket: WebSocket | null = null
  private may: Mode = 'watch'
  private failures = 0
  private lostAt: number | null = null
  private heardAt = 0
  private back: Back | null = null
  private isStopped = false
  private timers = new Set<ReturnType<typeof setTimeout>>()
  private readonly means: Means
  private readonly tell: (told: Told) => void

  constructor(means: Means, tell: (told: Told) => void) {
    this.means = means
    this.tell = tell
  }

  /** Connect, or again at once. */
  start(): void {
    this.isStopped = false
    this.drop()
    void this.connect()
  }

  stop(): void {
    this.isStopped = true
    this.drop()
  }

  /** The browser has woken up, or is back on the network: a line that has been silent is dead. */
  woken(silentMilliseconds = 25_000): void {
    if (this.state.is === 'away') this.start()
    else if (this.socket && Date.now() - this.heardAt > silentMilliseconds) this.lost()
  }

  /** The browser says that there is no network. */
  cut(): void {
    if (this.socket) this.lost()
  }

  say(frame: Said): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame))
  }

  type(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket?.readyState !== 1) return
    for (const piece of typed(bytes)) this.socket.send(piece)
  }

  private async connect(): Promise<void> {
    if (this.state.is !== 'away') this.become({ is: 'connecting' })
    const channel = await this.means.channel().catch(() => null)
    if (this.isStopped || this.socket) return
    if (channel === null) return this.lost()
    if ('refused' in channel) return this.end(channel.refused)
    this.may = channel.mode
    const socket = this.means.open()
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.heardAt = Date.now()
    socket.onopen = () =>
      this.say({
        type: 'auth',
        token: channel.token,
        channelToken: channel.channelToken,
        resumeFrom: resumeFrom(this.place),
      })
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.socket) return
      this.heardAt = Date.now()
      if (typeof data !== 'string') return this.show(new Uint8Array(data))
      const frame = heard(data)
      if (frame) this.hear(frame)
    }
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return
      const why = ENDS[code]
      if (why) this.end(why)
      else this.lost()
    }
    this.watchSilence(socket)
  }

  private show(bytes: Uint8Array): void {
    this.place = after(this.place, bytes.length)
    if (this.back) this.back.bytes += bytes.length
    this.tell({ kind: 'bytes', bytes, end: this.place.offset })
  }

  private hear(frame: Heard): void {
    if (frame.type === 'ready' && !this.isReady(frame)) return
    const step = moved(this.place, frame)
    if (step.kind !== 'begin anew') this.place = step.place
    if (step.kind === 'missed') this.miss(step.span)
    this.pass(frame)
  }

  /** Whether one goes on from here; else the line is opened anew, without a place. */
  private isReady(frame: Heard & { type: 'ready' }): boolean {
    if (moved(this.place, frame).kind === 'begin anew') {
      this.place = NOWHERE
      this.back = null
      this.lostAt = null
      this.start()
      return false
    }
    const isNew = this.place.attempt === null
    const { mode, cols, rows } = frame
    if (isNew) this.tell({ kind: 'clear', attempt: frame.attempt })
    this.failures = 0
    this.become({ is: 'live', mode, may: this.may, cols, rows, people: [] })
    this.tell({ kind: 'size', cols, rows })
    if (this.lostAt !== null && !isNew) {
      this.back = { awayMilliseconds: Date.now() - this.lostAt, bytes: 0, missed: null }
      this.later(BACK_MILLISECONDS, () => this.sayBack())
    }
    this.lostAt = null
    return true
  }

  private pass(frame: Heard): void {
    switch (frame.type) {
      case 'screen':
        this.size(frame.cols, frame.rows)
        this.tell({ ...frame, kind: 'screen' })
        break
      case 'resize':
        this.size(frame.cols, frame.rows)
        this.tell({ ...frame, kind: 'size' })
        break
      case 'takeover':
        this.change({ mode: 'watch' })
        this.tell({ kind: 'takenOver', by: frame.by })
        break
      case 'viewers': {
        const you = frame.people.find((one) => one.isYou)
        this.change({ people: frame.people, ...(you && { mode: you.mode }) })
        break
      }
      case 'refused':
        if (frame.code === 'watching') this.change({ mode: 'watch' })
        this.tell({ kind: 'refused', code: frame.code })
        break
      case 'exit':
        this.tell({ ...frame, kind: 'exit' })
        break
      case 'ping':
        this.say({ type: 'pong' })
    }
  }

  private miss(span: Span): void {
    if (!this.back) this.tell({ kind: 'skipped', span })
    else this.back.missed = { from: this.back.missed?.from ?? span.from, to: span.to }
  }

  private sayBack(): void {
    if (this.back) this.tell({ kind: 'back', back: this.back })
    this.back = null
  }

  private size(cols: number, rows: number): void {
    this.change({ cols, rows })
  }

  private change(now: Partial<State & { is: 'live' }>): void {
    if (this.state.is === 'live') this.become({ ...this.state, ...now })
  }

  private become(state: State): void {
    this.state = state
    this.tell({ kind: 'state', state })
  }

  private end(why: Ended): void {
    this.drop()
    this.become({ is: 'over', why })
  }

  private lost(): void {
    this.drop()
    const now = Date.now()
    this.lostAt ??= now
    this.failures += 1
    const triedAt = now + this.means.pauseBefore(this.failures)
    this.become({ is: 'away', since: this.lostAt, triedAt })
    this.later(triedAt - now, () => void this.connect())
  }

  private watchSilence(socket: WebSocket): void {
    this.later(5000, () => {
      if (socket !== this.socket) return
      if (Date.now() - this.heardAt > SILENCE_MILLISECONDS) this.lost()
      else this.watchSilence(socket)
    })
  }

  private later(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      act()
    }, milliseconds)
    this.timers.add(timer)
  }

  private drop(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.sayBack()
    const socket = this.socket
    this.socket = null
    socket?.close()
  }
}
