/** A connection to a terminal. It reconnects after a network failure, a sleep or a server restart,
 *  and continues at the exact byte. Browser APIs are injected. */
import {
  type ClientFrame,
  type Mode,
  parseFrame,
  type ServerFrame,
  splitInput,
  type Viewer,
} from './frames'
import {
  advance,
  applyFrame,
  type ByteRange,
  type OutputPosition,
  resumeOffset,
  START_POSITION,
} from './position'

export type EndReason =
  | 'attempt'
  | 'task'
  | 'forbidden'
  | 'missing'
  | 'full'
  | 'none'
  | 'signedOut'
  | 'shell'
  | 'noShell'

export type ConnectionState =
  | { is: 'connecting' }
  | { is: 'live'; mode: Mode; may: Mode; cols: number; rows: number; people: Viewer[] }
  | { is: 'away'; since: number; triedAt: number }
  | { is: 'over'; why: EndReason }

/** The result of a reconnection. `missed`: null if no bytes are missing. */
export type Reconnection = { awayMilliseconds: number; bytes: number; missed: ByteRange | null }

export type ConnectionUpdate =
  | { kind: 'state'; state: ConnectionState }
  | { kind: 'bytes'; bytes: Uint8Array; finish: number }
  | { kind: 'screen'; cols: number; rows: number; data: string; exact: boolean; offset: number }
  | { kind: 'size'; cols: number; rows: number }
  /** An attempt has started, the first or another one: what is shown isn't part of it. */
  | { kind: 'clear'; attempt: number }
  | { kind: 'skipped'; span: ByteRange }
  | { kind: 'back'; back: Reconnection }
  | { kind: 'takenOver'; by: string | null }
  | { kind: 'refused'; code: string }
  | { kind: 'exit'; code: number; stageIndex: number }

export type Channel = { token: string; channelToken: string; mode: Mode } | { refused: EndReason }

type ConnectionDependencies = {
  /** Requests a channel token for one socket. Throws if the server is unreachable. */
  channel: () => Promise<Channel>
  open: () => WebSocket
  backoffMilliseconds: (failures: number) => number
}

/** The server pings every 20 s; a connection that is silent for this long is dead. */
const SILENCE_TIMEOUT_MILLISECONDS = 45_000
/** Close codes that end the connection instead of reconnecting: the reason is permanent, or the
 *  token arrived too late. */
const END_REASONS: Record<number, EndReason> = {
  4403: 'forbidden',
  4404: 'missing',
  4409: 'attempt',
  4410: 'task',
  4411: 'shell',
  4429: 'full',
}
/** Bytes that arrive this soon after `ready` count as output from the time offline. */
const CATCH_UP_MILLISECONDS = 3000

export class TerminalConnection {
  state: ConnectionState = { is: 'over', why: 'none' }
  position: OutputPosition = START_POSITION
  private socket: WebSocket | null = null
  private allowedMode: Mode = 'watch'
  private failures = 0
  private lostAt: number | null = null
  private lastReceivedAt = 0
  private reconnection: Reconnection | null = null
  private isStopped = false
  private timers = new Set<ReturnType<typeof setTimeout>>()
  private readonly dependencies: ConnectionDependencies
  private readonly onUpdate: (update: ConnectionUpdate) => void

  constructor(means: ConnectionDependencies, tell: (update: ConnectionUpdate) => void) {
    this.dependencies = means
    this.onUpdate = tell
  }

  /** Connects, or reconnects immediately. */
  start(): void {
    this.isStopped = false
    this.disconnect()
    void this.connect()
  }

  stop(): void {
    this.isStopped = true
    this.disconnect()
  }

  /** Called when the browser wakes up or is online again: a connection that has been silent is
   *  dead. */
  handleWake(silentMilliseconds = 25_000): void {
    if (this.state.is === 'away') this.start()
    else if (this.socket && Date.now() - this.lastReceivedAt > silentMilliseconds)
      this.scheduleReconnect()
  }

  /** Called when the browser is offline. */
  handleOffline(): void {
    if (this.socket) this.scheduleReconnect()
  }

  send(frame: ClientFrame): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame))
  }

  sendInput(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket?.readyState !== 1) return
    for (const piece of splitInput(bytes)) this.socket.send(piece)
  }

  private async connect(): Promise<void> {
    if (this.state.is !== 'away') this.setState({ is: 'connecting' })
    const channel = await this.dependencies.channel().catch(() => null)
    if (this.isStopped || this.socket) return
    if (channel === null) return this.scheduleReconnect()
    if ('refused' in channel) return this.end(channel.refused)
    this.allowedMode = channel.mode
    const socket = this.dependencies.open()
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.lastReceivedAt = Date.now()
    socket.onopen = () =>
      this.send({
        type: 'auth',
        token: channel.token,
        channelToken: channel.channelToken,
        resumeFrom: resumeOffset(this.position),
      })
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.socket) return
      this.lastReceivedAt = Date.now()
      if (typeof data !== 'string') return this.handleOutput(new Uint8Array(data))
      const frame = parseFrame(data)
      if (frame) this.handleFrame(frame)
    }
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return
      const why = END_REASONS[code]
      // The next shell's output doesn't continue this one's.
      if (why === 'shell') this.position = START_POSITION
      if (why) this.end(why)
      else this.scheduleReconnect()
    }
    this.watchSilence(socket)
  }

  private handleOutput(bytes: Uint8Array): void {
    this.position = advance(this.position, bytes.length)
    if (this.reconnection) this.reconnection.bytes += bytes.length
    this.onUpdate({ kind: 'bytes', bytes, finish: this.position.offset })
  }

  private handleFrame(frame: ServerFrame): void {
    if (frame.type === 'ready' && !this.handleReady(frame)) return
    const step = applyFrame(this.position, frame)
    if (step.kind !== 'begin anew') this.position = step.place
    if (step.kind === 'missed') this.recordMissed(step.span)
    this.dispatchFrame(frame)
  }

  /** Returns whether the output continues at the current position; otherwise reconnects without a
   *  position. */
  private handleReady(frame: ServerFrame & { type: 'ready' }): boolean {
    if (applyFrame(this.position, frame).kind === 'begin anew') {
      this.position = START_POSITION
      this.reconnection = null
      this.lostAt = null
      this.start()
      return false
    }
    const isNew = this.position.attempt === null
    const { mode, cols, rows } = frame
    if (isNew) this.onUpdate({ kind: 'clear', attempt: frame.attempt })
    this.failures = 0
    this.setState({ is: 'live', mode, may: this.allowedMode, cols, rows, people: [] })
    this.onUpdate({ kind: 'size', cols, rows })
    if (this.lostAt !== null && !isNew) {
      this.reconnection = { awayMilliseconds: Date.now() - this.lostAt, bytes: 0, missed: null }
      this.startTimer(CATCH_UP_MILLISECONDS, () => this.reportReconnection())
    }
    this.lostAt = null
    return true
  }

  private dispatchFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'screen':
        this.setSize(frame.cols, frame.rows)
        this.onUpdate({ ...frame, kind: 'screen' })
        break
      case 'resize':
        this.setSize(frame.cols, frame.rows)
        this.onUpdate({ ...frame, kind: 'size' })
        break
      case 'takeover':
        this.updateLive({ mode: 'watch' })
        this.onUpdate({ kind: 'takenOver', by: frame.by })
        break
      case 'viewers': {
        const you = frame.people.find((one) => one.isYou)
        this.updateLive({ people: frame.people, ...(you && { mode: you.mode }) })
        break
      }
      case 'refused':
        if (frame.code === 'watching') this.updateLive({ mode: 'watch' })
        this.onUpdate({ kind: 'refused', code: frame.code })
        break
      case 'exit':
        this.onUpdate({ ...frame, kind: 'exit' })
        break
      case 'ping':
        this.send({ type: 'pong' })
    }
  }

  private recordMissed(span: ByteRange): void {
    if (!this.reconnection) this.onUpdate({ kind: 'skipped', span })
    else
      this.reconnection.missed = { from: this.reconnection.missed?.from ?? span.from, to: span.to }
  }

  private reportReconnection(): void {
    if (this.reconnection) this.onUpdate({ kind: 'back', back: this.reconnection })
    this.reconnection = null
  }

  private setSize(cols: number, rows: number): void {
    this.updateLive({ cols, rows })
  }

  private updateLive(now: Partial<ConnectionState & { is: 'live' }>): void {
    if (this.state.is === 'live') this.setState({ ...this.state, ...now })
  }

  private setState(state: ConnectionState): void {
    this.state = state
    this.onUpdate({ kind: 'state', state })
  }

  private end(why: EndReason): void {
    this.disconnect()
    this.setState({ is: 'over', why })
  }

  private scheduleReconnect(): void {
    this.disconnect()
    const now = Date.now()
    this.lostAt ??= now
    this.failures += 1
    const triedAt = now + this.dependencies.backoffMilliseconds(this.failures)
    this.setState({ is: 'away', since: this.lostAt, triedAt })
    this.startTimer(triedAt - now, () => void this.connect())
  }

  private watchSilence(socket: WebSocket): void {
    this.startTimer(5000, () => {
      if (socket !== this.socket) return
      if (Date.now() - this.lastReceivedAt > SILENCE_TIMEOUT_MILLISECONDS) this.scheduleReconnect()
      else this.watchSilence(socket)
    })
  }

  private startTimer(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      act()
    }, milliseconds)
    this.timers.add(timer)
  }

  private disconnect(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.reportReconnection()
    const socket = this.socket
    this.socket = null
    socket?.close()
  }
}
