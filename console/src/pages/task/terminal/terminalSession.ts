/** A terminal on the page: its connection, its xterm, and the notices around it. */

import {
  type ConnectionState,
  type ConnectionUpdate,
  type Reconnection,
  TerminalConnection,
} from '../../../lib/terminal/connection'
import { createFlowControl, type FlowControl } from '../../../lib/terminal/flowControl'
import { clampSize } from '../../../lib/terminal/frames'
import type { ByteRange } from '../../../lib/terminal/position'
import { logBytes, logLines } from '../../../queries/logs'
import { type TerminalKind, terminalChannel, terminalSocket } from '../../../queries/terminal'
import { backoffMilliseconds } from '../../../realtime/backoff'
import type { Xterm } from './xterm'

export type TerminalState = {
  connection: ConnectionState
  /** The attempt shown; null before any. */
  attempt: number | null
  size: { cols: number; rows: number } | null
  /** Offset of the next byte, while connected. */
  offset: number
  back: Reconnection | null
  skipped: ByteRange | null
  takenOver: string | null
  /** A stage's process has exited, with no output since. */
  exit: { code: number; stageIndex: number } | null
  /** Input was refused, because no stage is running. */
  isInputIgnored: boolean
  /** No stage is running, so the end of the log is shown. */
  isFinalScreen: boolean
  isBroken: boolean
}

const LAST_BYTES = 128 * 1024
const RESIZE_MILLISECONDS = 150
const OFFSET_MILLISECONDS = 500

export class TerminalSession {
  state: TerminalState = {
    connection: { is: 'over', why: 'none' },
    attempt: null,
    size: null,
    offset: 0,
    back: null,
    skipped: null,
    takenOver: null,
    exit: null,
    isInputIgnored: false,
    isFinalScreen: false,
    isBroken: false,
  }
  private readonly xterm: Xterm
  private readonly line: TerminalConnection
  private readonly flowControl: FlowControl
  private readonly taskId: number
  private readonly kind: TerminalKind
  private listeners = new Set<() => void>()
  /** Whether the person chose to watch, or lost control to someone else. */
  private isWatchOnly = false
  /** Whether the stage's program may read what is typed. */
  private isRead = true
  /** Whether the list of viewers has arrived since the connection opened. */
  private hasViewers = false
  private resizeTimer: ReturnType<typeof setTimeout> | undefined
  private offsetTimer: ReturnType<typeof setTimeout> | undefined
  private finalAttempt: number | null = null
  private containerSize: { width: number; height: number } | null = null

  constructor(taskId: number, glass: Xterm, kind: TerminalKind = 'stage') {
    this.taskId = taskId
    this.kind = kind
    this.xterm = glass
    glass.onInput((bytes) => this.controls && this.line.sendInput(bytes))
    this.line = new TerminalConnection(
      {
        channel: () => terminalChannel(taskId, kind),
        open: () => terminalSocket(taskId),
        backoffMilliseconds,
      },
      (told) => this.handleUpdate(told),
    )
    this.flowControl = createFlowControl((offset) => this.line.send({ type: 'shown', offset }))
  }

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  getState = (): TerminalState => this.state

  /** Attaches to the running stage. A shell that has ended starts again only when someone asks. */
  attach(): void {
    const { state } = this.line
    const hasEnded = this.kind === 'shell' && state.is === 'over' && state.why !== 'none'
    if (state.is !== 'live' && state.is !== 'away' && !hasEnded) this.line.start()
  }

  /** Shows the end of that attempt's log, unless a terminal is live. */
  async showFinalScreen(attempt: number): Promise<void> {
    if (this.finalAttempt === attempt || this.state.attempt === attempt) return
    this.finalAttempt = attempt
    try {
      const { total } = await logLines(this.taskId, attempt, { offset: 0 }, 1)
      const last = total > 0 ? await logBytes(this.taskId, attempt, -LAST_BYTES) : null
      if (this.line.state.is === 'live') return
      this.xterm.clear()
      if (last) this.xterm.write(last.bytes)
      this.setState({ attempt, isFinalScreen: true, isBroken: false })
    } catch {
      this.finalAttempt = null
      this.setState({ isBroken: true })
    }
  }

  takeOver(): void {
    this.isWatchOnly = false
    this.line.send({ type: 'takeover' })
    this.setState({ takenOver: null })
  }

  watchOnly(): void {
    this.isWatchOnly = true
    this.line.send({ type: 'watch' })
  }

  reconnect(): void {
    this.line.start()
  }

  handleWake(): void {
    this.line.handleWake()
  }

  handleOffline(): void {
    this.line.handleOffline()
  }

  close(): void {
    clearTimeout(this.resizeTimer)
    clearTimeout(this.offsetTimer)
    this.line.stop()
  }

  clearNotices(): void {
    this.setState({ back: null, skipped: null, takenOver: null, exit: null, isInputIgnored: false })
  }

  /** Fits the terminal to its container after a change of size or font, if this window decides
   *  the size. */
  scheduleFit(space = this.containerSize): void {
    this.containerSize = space
    clearTimeout(this.resizeTimer)
    this.resizeTimer = setTimeout(() => this.fit(), RESIZE_MILLISECONDS)
  }

  /** Shows whether the stage's program may read what is typed. If not, nothing is sent. */
  setRead(isRead: boolean): void {
    if (isRead === this.isRead) return
    this.isRead = isRead
    this.xterm.setInputEnabled(this.controls)
    this.setState({})
  }

  get controls(): boolean {
    return this.isRead && this.isSizer
  }

  /** Whether this window decides the terminal's size. */
  private get isSizer(): boolean {
    const { connection } = this.state
    return (
      connection.is === 'live' &&
      connection.mode === 'control' &&
      this.hasViewers &&
      !this.isWatchOnly
    )
  }

  private fit(): void {
    const room =
      this.containerSize &&
      this.xterm.proposeDimensions(this.containerSize.width, this.containerSize.height)
    const { connection } = this.state
    if (!room || connection.is !== 'live' || !this.isSizer) return
    const wanted = clampSize(room.cols, room.rows)
    if (wanted.cols !== connection.cols || wanted.rows !== connection.rows) {
      this.line.send({ type: 'resize', ...wanted })
    }
  }

  private handleUpdate(told: ConnectionUpdate): void {
    switch (told.kind) {
      case 'state':
        this.setConnectionState(told.state)
        break
      case 'bytes':
        if (this.state.exit || this.state.isInputIgnored)
          this.setState({ exit: null, isInputIgnored: false })
        this.xterm.write(told.bytes, () => this.handleDrawn(told.finish))
        break
      case 'screen':
        this.xterm.clear()
        this.xterm.size(told.cols, told.rows)
        this.xterm.write(told.data, () => {
          this.flowControl.jumped(told.offset)
          this.scheduleOffset()
        })
        break
      case 'size':
        // Queue it, so that the size changes between the output before it and after it.
        this.xterm.write('', () => this.xterm.size(told.cols, told.rows))
        this.setState({ size: { cols: told.cols, rows: told.rows } })
        break
      case 'clear':
        this.xterm.clear()
        this.isWatchOnly = false
        this.setState({ attempt: told.attempt, isFinalScreen: false, back: null, skipped: null })
        break
      case 'skipped':
        this.setState({
          skipped: { from: this.state.skipped?.from ?? told.span.from, to: told.span.to },
        })
        break
      case 'back':
        this.setState({ back: told.back })
        break
      case 'takenOver':
        this.isWatchOnly = true
        this.setState({ takenOver: told.by })
        break
      case 'exit':
        this.setState({ exit: { code: told.code, stageIndex: told.stageIndex } })
        break
      case 'refused':
        if (told.code === 'gate') this.setState({ isInputIgnored: true })
    }
  }

  private setConnectionState(line: ConnectionState): void {
    const did = this.isSizer
    const isGreeted = line.is === 'live' && line.people.length > 0
    if (isGreeted && !this.hasViewers) this.yieldControl(line)
    this.hasViewers = isGreeted
    this.setState({ connection: line })
    this.xterm.setInputEnabled(this.controls)
    if (this.isSizer && !did) this.scheduleFit()
  }

  /** Switches to watching if someone else controls the terminal, until the viewer takes over; also
   *  if the viewer was set to watch before the connection was lost. */
  private yieldControl({ people }: ConnectionState & { is: 'live' }): void {
    const you = people.find((one) => one.isYou)
    const others = people.some((one) => one.mode === 'control' && !one.isYou)
    if (you?.mode === 'control' && (others || this.isWatchOnly)) this.watchOnly()
  }

  private handleDrawn(end: number): void {
    this.flowControl.drawn(end)
    this.scheduleOffset()
  }

  private scheduleOffset(): void {
    this.offsetTimer ??= setTimeout(() => {
      this.offsetTimer = undefined
      this.setState({ offset: this.line.position.offset })
    }, OFFSET_MILLISECONDS)
  }

  private setState(now: Partial<TerminalState>): void {
    this.state = { ...this.state, ...now }
    for (const listener of this.listeners) listener()
  }
}
