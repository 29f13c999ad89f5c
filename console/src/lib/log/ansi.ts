/** Parses a log line into runs of text with their colors. Drops all other escape sequences; a
 *  program's output can only become text. */

/** Text attributes; colors are CSS values. */
export type Style = {
  bold?: boolean
  dim?: boolean
  italic?: boolean
  underline?: boolean
  inverse?: boolean
  strike?: boolean
  ink?: string
  ground?: string
}
export type Run = { text: string; style: Style }

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
// CSI; strings of OSC, DCS, SOS, PM, APC up to their end or the line's; then short sequences.
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
  /\u001b\[([0-?]*)[ -/]*([@-~]?)|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Returns the runs of a line, and the style at the start of the next one. */
export function parseRuns(line: string, before: Style = {}): { runs: Run[]; after: Style } {
  const runs: Run[] = []
  let style = before
  let at = 0
  const text = applyCarriageReturns(line)
  for (const found of text.matchAll(SEQUENCE)) {
    appendRun(runs, text.slice(at, found.index), style)
    at = found.index + found[0].length
    if (found[2] === 'm') style = applySgr(style, found[1] ?? '')
  }
  appendRun(runs, text.slice(at), style)
  return { runs, after: style }
}

/** Returns the visible text of a line without its colors, for searching and copying. */
export function plainText(line: string): string {
  return applyCarriageReturns(line).replace(SEQUENCE, '')
}

/** Returns the line's final text: after a carriage return, it is written from the start again, as
 *  progress bars do. */
function applyCarriageReturns(line: string): string {
  const whole = line.replace(/\r+$/, '')
  const last = whole.lastIndexOf('\r')
  if (last < 0) return whole
  // Colors that were set before the carriage return still apply.
  const set = whole.slice(0, last).match(SGR_SEQUENCES)?.join('') ?? ''
  return set + whole.slice(last + 1)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
const SGR_SEQUENCES = /\u001b\[[0-9;:]*m/g

function appendRun(runs: Run[], text: string, style: Style): void {
  if (text === '') return
  const last = runs.at(-1)
  if (last && last.style === style) last.text += text
  else runs.push({ text, style })
}

/** Returns a text color that is readable on a background for which the program set none. */
export function readableInk(ground: string): string {
  const [red, green, blue] = (ground.match(/\d+/g) ?? []).map(Number)
  const isDark =
    red === undefined
      ? /black/.test(ground)
      : 0.3 * red + 0.59 * (green ?? 0) + 0.11 * (blue ?? 0) < 110
  return isDark ? 'var(--term-ink)' : 'var(--term)'
}

const SGR_ON: Record<number, keyof Style> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike',
}
const SGR_OFF: Record<number, (keyof Style)[]> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  29: ['strike'],
  39: ['ink'],
  49: ['ground'],
}

function applySgr(before: Style, parameters: string): Style {
  let style: Style = { ...before }
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)))
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0
    const on = SGR_ON[code]
    if (code === 0) style = {}
    else if (on) style = { ...style, [on]: true }
    else if (SGR_OFF[code]) for (const off of SGR_OFF[code]) delete style[off]
    else if (code === 38 || code === 48) {
      const { colour, used } = extendedColor(codes.slice(at + 1))
      at += used
      if (colour) style[code === 38 ? 'ink' : 'ground'] = colour
    } else {
      const [kind, name] = basicColor(code)
      if (kind) style[kind] = name
    }
  }
  return style
}

function basicColor(code: number): ['ink' | 'ground' | null, string] {
  if (code >= 30 && code <= 37) return ['ink', cssColor(code - 30)]
  if (code >= 40 && code <= 47) return ['ground', cssColor(code - 40)]
  if (code >= 90 && code <= 97) return ['ink', cssColor(code - 90 + 8)]
  if (code >= 100 && code <= 107) return ['ground', cssColor(code - 100 + 8)]
  return [null, '']
}

/** Parses what follows 38 or 48: `5;N` of 256 colors, or `2;R;G;B`. */
function extendedColor(codes: number[]): { colour: string | null; used: number } {
  const [kind, ...rest] = codes
  if (kind === 5) return { colour: paletteColor(rest[0]), used: 2 }
  if (kind !== 2) return { colour: null, used: 1 }
  const parts = rest.slice(0, 3)
  const isColour = parts.length === 3 && parts.every(isByte)
  return { colour: isColour ? `rgb(${parts.join(' ')})` : null, used: 4 }
}

function paletteColor(n: number | undefined): string | null {
  if (!isByte(n)) return null
  if (n < 16) return cssColor(n)
  if (n >= 232)
    return `rgb(${Array(3)
      .fill(8 + (n - 232) * 10)
      .join(' ')})`
  const part = (steps: number) => (steps === 0 ? 0 : 55 + steps * 40)
  const cube = n - 16
  const parts = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(part)
  return `rgb(${parts.join(' ')})`
}

function isByte(n: number | undefined): n is number {
  return Number.isInteger(n) && (n as number) >= 0 && (n as number) <= 255
}

function cssColor(n: number): string {
  return `var(--ansi-${n >= 8 ? 'bright-' : ''}${NAMES[n % 8]})`
}
