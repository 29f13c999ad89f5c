/** A terminal on the page: the line to it, the glass it is drawn on, and what is said around it. */

import { fitting } from '../../../lib/terminal/frames'
import { type Back, Line, type State, type Told } from '../../../lib/terminal/line'
import { type Pace, paced } from '../../../lib/terminal/pace'
import type { Span } from '../../../lib/terminal/place'
import { pauseBefore } from '../../../live/pause'
import { logBytes, logLines } from '../../../queries/logs'
import { terminalChannel, terminalSocket } from '../../../queries/terminal'
import type { Glass } from './glass'

export type Shown = {
  line: State
  /** Of the attempt that is shown; null before any. */
  attempt: number | null
  size: { cols: number; rows: number } | null
  /** Of the next byte, where one is live. */
  offset: number
  back: Back | null
  skipped: Span | null
  takenOver: string | null
  /** A stage's process has ended, and nothing was printed since. */
  exit: { code: number; stageIndex: number } | null
  /** What was typed was taken by nobody. */
  isUnheard: boolean
  /** What the log ended with, for no stage runs. */
  isLast: boolean
  isBroken: boolean
}

const LAST_BYTES = 128 * 1024
const RESIZE_MILLISECONDS = 150
const OFFSET_MILLISECONDS = 500

export class Session {
  shown: Shown = {
    line: { is: 'over', why: 'none' },
    attempt: null,
    size: null,
    offset: 0,
    back: null,
    skipped: null,
    takenOver: null,
    exit: null,
    isUnheard: false,
    isLast: false,
    isBroken: false,
  }
  private readonly glass: Glass
  private readonly line: Line
  private readonly pace: Pace
  private readonly taskId: number
  private listeners = new Set<() => void>()
  /** Whether one has chosen to watch, or was made to. */
  private watches = false
  /** Whether one has heard who else looks, since the line is there. */
  private isGreeted = false
  private resizing: ReturnType<typeof setTimeout> | undefined
  private counting: ReturnType<typeof setTimeout> | undefined
  private lastOf: number | null = null
  private space: { width: number; height: number } | null = null

  constructor(taskId: number, glass: Glass) {
    this.taskId = taskId
    this.glass = glass
    glass.onTyped((bytes) => this.controls && this.line.type(bytes))
    this.line = new Line(
      { channel: () => terminalChannel(taskId), open: () => terminalSocket(taskId), pauseBefore },
      (told) => this.hear(told),
    )
    this.pace = paced((offset) => this.line.say({ type: 'shown', offset }))
  }

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  now = (): Shown => this.shown

  /** A stage runs: attach. */
  attach(): void {
    const { is } = this.line.state
    if (is !== 'live' && is !== 'away') this.line.start()
  }

  /** Let go, and show what the log of that attempt ends with. */
  async showLast(attempt: number): Promise<void> {
    if (this.lastOf === attempt || this.shown.attempt === attempt) return
    this.lastOf = attempt
    try {
      const { total } = await logLines(this.taskId, attempt, { offset: 0 }, 1)
      const last = total > 0 ? await logBytes(this.taskId, attempt, -LAST_BYTES) : null
      if (this.line.state.is === 'live') return
      this.glass.clear()
      if (last) this.glass.write(last.bytes)
      this.change({ attempt, isLast: true, isBroken: false })
    } catch {
      this.lastOf = null
      this.change({ isBroken: true })
    }
  }

  takeOver(): void {
    this.watches = false
    this.line.say({ type: 'takeover' })
    this.change({ takenOver: null })
  }

  watchOnly(): void {
    this.watches = true
    this.line.say({ type: 'watch' })
  }

  again(): void {
    this.line.start()
  }

  woken(): void {
    this.line.woken()
  }

  cut(): void {
    this.line.cut()
  }

  close(): void {
    clearTimeout(this.resizing)
    clearTimeout(this.counting)
    this.line.stop()
  }

  forgetTold(): void {
    this.change({ back: null, skipped: null, takenOver: null, exit: null, isUnheard: false })
  }

  /** The place has another size in pixels, or another font: as a controller, have the terminal
   *  fill it. */
  fitSoon(space = this.space): void {
    this.space = space
    clearTimeout(this.resizing)
    this.resizing = setTimeout(() => this.fit(), RESIZE_MILLISECONDS)
  }

  get controls(): boolean {
    const { line } = this.shown
    return line.is === 'live' && line.mode === 'control' && this.isGreeted && !this.watches
  }

  private fit(): void {
    const room = this.space && this.glass.room(this.space.width, this.space.height)
    const { line } = this.shown
    if (!room || line.is !== 'live' || !this.controls) return
    const wanted = fitting(room.cols, room.rows)
    if (wanted.cols !== line.cols || wanted.rows !== line.rows) {
      this.line.say({ type: 'resize', ...wanted })
    }
  }

  private hear(told: Told): void {
    switch (told.kind) {
      case 'state':
        this.become(told.state)
        break
      case 'bytes':
        if (this.shown.exit || this.shown.isUnheard) this.change({ exit: null, isUnheard: false })
        this.glass.write(told.bytes, () => this.drawn(told.end))
        break
      case 'screen':
        this.glass.clear()
        this.glass.size(told.cols, told.rows)
        this.glass.write(told.data, () => {
          this.pace.jumped(told.offset)
          this.tellOffset()
        })
        break
      case 'size':
        // Between the bytes that were printed before it and those after.
        this.glass.write('', () => this.glass.size(told.cols, told.rows))
        this.change({ size: { cols: told.cols, rows: told.rows } })
        break
      case 'clear':
        this.glass.clear()
        this.watches = false
        this.change({ attempt: told.attempt, isLast: false, back: null, skipped: null })
        break
      case 'skipped':
        this.change({
          skipped: { from: this.shown.skipped?.from ?? told.span.from, to: told.span.to },
        })
        break
      case 'back':
        this.change({ back: told.back })
        break
      case 'takenOver':
        this.watches = true
        this.change({ takenOver: told.by })
        break
      case 'exit':
        this.change({ exit: { code: told.code, stageIndex: told.stageIndex } })
        break
      case 'refused':
        if (told.code === 'gate') this.change({ isUnheard: true })
    }
  }

  private become(line: State): void {
    const did = this.controls
    const isGreeted = line.is === 'live' && line.people.length > 0
    if (isGreeted && !this.isGreeted) this.greet(line)
    this.isGreeted = isGreeted
    this.change({ line })
    this.glass.canType(this.controls)
    if (this.controls && !did) this.fitSoon()
  }

  /** Whoever comes where somebody controls watches, until they take over; so does who was told to
   *  watch before the line was cut. */
  private greet({ people }: State & { is: 'live' }): void {
    const you = people.find((one) => one.isYou)
    const others = people.some((one) => one.mode === 'control' && !one.isYou)
    if (you?.mode === 'control' && (others || this.watches)) this.watchOnly()
  }

  private drawn(end: number): void {
    this.pace.drawn(end)
    this.tellOffset()
  }

  private tellOffset(): void {
    this.counting ??= setTimeout(() => {
      this.counting = undefined
      this.change({ offset: this.line.place.offset })
    }, OFFSET_MILLISECONDS)
  }

  private change(now: Partial<Shown>): void {
    this.shown = { ...this.shown, ...now }
    for (const listener of this.listeners) listener()
  }
}
