/** The text frames of `WS /ws/pty/:taskId`, documented in docs/terminal.md. */

export type Mode = 'control' | 'watch'

/** A person who views a terminal. `isYou`: this socket. */
export type Viewer = { name: string; mode: Mode; isYou: boolean }

export type ServerFrame =
  | { type: 'ready'; mode: Mode; cols: number; rows: number; offset: number; attempt: number }
  | { type: 'screen'; offset: number; cols: number; rows: number; data: string; exact: boolean }
  | { type: 'gap'; from: number; to: number }
  | { type: 'resize'; cols: number; rows: number }
  | { type: 'takeover'; by: string | null }
  | { type: 'refused'; code: string }
  | { type: 'exit'; code: number; stageIndex: number }
  | { type: 'viewers'; people: Viewer[] }
  | { type: 'ping' }
  | { type: 'pong' }

export type ClientFrame =
  | { type: 'auth'; token: string; channelToken: string; resumeFrom?: number }
  | { type: 'resize'; cols: number; rows: number }
  | { type: 'shown'; offset: number }
  | { type: 'takeover' }
  | { type: 'watch' }
  | { type: 'pong' }

/** The maximum size of a binary frame, in both directions. */
export const MAX_BYTES = 64 * 1024
const MAX_SIDE = 1000

type Fields = Record<string, unknown>

/** Parses a frame; null if it is invalid, or only a newer server's type. */
export function parseFrame(text: string): ServerFrame | null {
  try {
    const fields: unknown = JSON.parse(text)
    return typeof fields === 'object' && fields !== null ? toServerFrame(fields as Fields) : null
  } catch {
    return null
  }
}

/** Splits input into frames of at most MAX_BYTES. */
export function splitInput(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const pieces = []
  for (let at = 0; at < bytes.length; at += MAX_BYTES) {
    pieces.push(bytes.subarray(at, at + MAX_BYTES))
  }
  return pieces
}

/** Limits a size to what the server accepts. */
export function clampSize(cols: number, rows: number): { cols: number; rows: number } {
  const side = (n: number) => Math.max(1, Math.min(MAX_SIDE, Math.floor(n) || 1))
  return { cols: side(cols), rows: side(rows) }
}

function toServerFrame(fields: Fields): ServerFrame | null {
  const { type } = fields
  switch (type) {
    case 'ready': {
      const size = sizeOf(fields)
      const { offset, attempt, mode } = fields
      if (!size || !isOffset(offset) || !isOffset(attempt) || !isMode(mode)) return null
      return { type, mode, ...size, offset, attempt }
    }
    case 'screen': {
      const size = sizeOf(fields)
      const { offset, data } = fields
      if (!size || !isOffset(offset) || typeof data !== 'string') return null
      return { type, offset, ...size, data, exact: fields.exact !== false }
    }
    case 'gap': {
      const { from, to } = fields
      return isOffset(from) && isOffset(to) && to >= from ? { type, from, to } : null
    }
    case 'resize': {
      const size = sizeOf(fields)
      return size && { type, ...size }
    }
    case 'takeover':
      return { type, by: typeof fields.by === 'string' ? fields.by : null }
    case 'refused':
      return typeof fields.code === 'string' ? { type, code: fields.code } : null
    case 'exit': {
      const { code, stageIndex } = fields
      if (!Number.isSafeInteger(code) || !isOffset(stageIndex)) return null
      return { type, code: code as number, stageIndex }
    }
    case 'viewers':
      return Array.isArray(fields.people)
        ? { type, people: fields.people.flatMap((one) => toViewer(one)) }
        : null
    case 'ping':
    case 'pong':
      return { type }
    default:
      return null
  }
}

function toViewer(fields: unknown): Viewer[] {
  const { name, mode, isYou } = (fields ?? {}) as Fields
  return typeof name === 'string' && isMode(mode) ? [{ name, mode, isYou: isYou === true }] : []
}

function sizeOf({ cols, rows }: Fields): { cols: number; rows: number } | null {
  return isSide(cols) && isSide(rows) ? { cols, rows } : null
}

function isMode(mode: unknown): mode is Mode {
  return mode === 'control' || mode === 'watch'
}

function isSide(n: unknown): n is number {
  return isOffset(n) && n >= 1 && n <= MAX_SIDE
}

function isOffset(n: unknown): n is number {
  return Number.isSafeInteger(n) && (n as number) >= 0
}
