/** xterm, restricted: it displays what an agent prints, and does nothing else. */
import '@xterm/xterm/css/xterm.css'
import { SearchAddon } from '@xterm/addon-search'
import { Unicode11Addon } from '@xterm/addon-unicode11'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { WebglAddon } from '@xterm/addon-webgl'
import { Terminal } from '@xterm/xterm'
import { safeLink } from './links'

export type Xterm = {
  write: (data: string | Uint8Array, drawn?: () => void) => void
  clear: () => void
  size: (cols: number, rows: number) => void
  /** Returns the size that fits in an area of that many pixels. */
  proposeDimensions: (width: number, height: number) => { cols: number; rows: number } | undefined
  fontSize: (pixels: number) => void
  setInputEnabled: (can: boolean) => void
  find: (words: string, back?: boolean) => void
  onSearchResult: (listener: (found: { at: number; of: number }) => void) => void
  clearSearch: () => void
  onInput: (listener: (bytes: Uint8Array<ArrayBuffer>) => void) => void
  /** Returns the selected text, or else the screen's. */
  text: () => string
  paste: (text: string) => void
  focus: () => void
  key: (key: string) => void
  /** Sets whether the next letter is sent with Ctrl; calls `done` once it was. */
  armCtrl: (is: boolean, done: () => void) => void
  scrollToEnd: () => void
  close: () => void
}

export type XtermOptions = {
  name: string
  fontSize: number
  open: (url: string) => void
  leave: () => void
  search: () => void
}

const SCROLLBACK_ROWS = 5000
const encoder = new TextEncoder()

export function createXterm(place: HTMLElement, wishes: XtermOptions): Xterm {
  const terminal = openTerminal(place, wishes)
  terminal.attachCustomKeyEventHandler((event) => takesKey(event, terminal, wishes))
  place.addEventListener('paste', (event) => pasteClean(event, terminal), true)
  return {
    ...screenOf(terminal),
    ...searchIn(terminal),
    ...inputOf(terminal),
    fontSize: (pixels) => {
      terminal.options.fontSize = pixels
    },
    focus: () => terminal.focus(),
    close: () => terminal.dispose(),
  }
}

function openTerminal(place: HTMLElement, wishes: XtermOptions): Terminal {
  const follow = (_: MouseEvent, url: string) => {
    const link = safeLink(url)
    if (link) wishes.open(link)
  }
  const style = getComputedStyle(place)
  const terminal = new Terminal({
    allowProposedApi: true, // for Unicode 11 and for decorations of search matches
    fontFamily: style.getPropertyValue('--mono'),
    fontSize: wishes.fontSize,
    lineHeight: 1.35,
    scrollback: SCROLLBACK_ROWS,
    theme: themeOf(style),
    disableStdin: true,
    linkHandler: { activate: follow, allowNonHttpProtocols: false },
    minimumContrastRatio: 4.5,
    cursorInactiveStyle: 'outline',
    windowOptions: {},
    logLevel: 'off',
  })
  terminal.loadAddon(new Unicode11Addon())
  terminal.loadAddon(new WebLinksAddon(follow))
  terminal.unicode.activeVersion = '11'
  // Programs must not set the clipboard, the title or the working directory.
  for (const code of [0, 1, 2, 7, 52]) terminal.parser.registerOscHandler(code, () => true)
  terminal.open(place)
  enableWebgl(terminal)
  terminal.textarea?.setAttribute('aria-label', wishes.name)
  return terminal
}

/** Whether the terminal handles a key, not the page. */
function takesKey(event: KeyboardEvent, terminal: Terminal, wishes: XtermOptions): boolean {
  if (event.ctrlKey && event.shiftKey && event.key === 'Escape') {
    if (event.type === 'keydown') wishes.leave()
    return false
  }
  // Viewers without control can't type: Tab moves the focus, as elsewhere.
  if (event.key === 'Tab' && terminal.options.disableStdin) return false
  if (isSearchKey(event)) {
    event.preventDefault()
    if (event.type === 'keydown') wishes.search()
    return false
  }
  // With a selection, the browser copies it; otherwise the program gets ^C.
  const isCopy = (event.ctrlKey || event.metaKey) && event.key === 'c'
  return !(isCopy && terminal.hasSelection())
}

type ScreenPart = 'write' | 'clear' | 'size' | 'proposeDimensions' | 'text' | 'scrollToEnd'

function screenOf(terminal: Terminal): Pick<Xterm, ScreenPart> {
  return {
    write: (data, drawn) => terminal.write(data, drawn),
    clear: () => terminal.reset(),
    size: (cols, rows) => {
      if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows)
    },
    proposeDimensions: (width, height) => {
      const screen = terminal.element?.querySelector('.xterm-screen')
      if (!screen?.clientWidth) return undefined
      return {
        cols: Math.floor((width * terminal.cols) / screen.clientWidth),
        rows: Math.floor((height * terminal.rows) / screen.clientHeight),
      }
    },
    text: () => terminal.getSelection() || screenText(terminal),
    scrollToEnd: () => terminal.scrollToBottom(),
  }
}

function searchIn(terminal: Terminal): Pick<Xterm, 'find' | 'onSearchResult' | 'clearSearch'> {
  const search = new SearchAddon({ highlightLimit: 2000 })
  terminal.loadAddon(search)
  const decorations = {
    matchBackground: '#5a4a1f',
    activeMatchBackground: '#e5b85c',
    matchOverviewRuler: '#5a4a1f',
    activeMatchColorOverviewRuler: '#e5b85c',
  }
  return {
    find: (words, back) => {
      if (back) search.findPrevious(words, { decorations })
      else search.findNext(words, { decorations })
    },
    onSearchResult: (listener) =>
      void search.onDidChangeResults(({ resultIndex, resultCount }) =>
        listener({ at: resultIndex + 1, of: resultCount }),
      ),
    clearSearch: () => search.clearDecorations(),
  }
}

type InputPart = 'setInputEnabled' | 'onInput' | 'paste' | 'key' | 'armCtrl'

function inputOf(terminal: Terminal): Pick<Xterm, InputPart> {
  let held: (() => void) | null = null
  return {
    setInputEnabled: (can) => {
      terminal.options.disableStdin = !can
      terminal.options.cursorBlink = false
    },
    onInput: (listener) => {
      terminal.onData((text) => {
        listener(encoder.encode(held ? toControl(text) : text))
        held?.()
      })
      terminal.onBinary((text) => listener(Uint8Array.from(text, (one) => one.charCodeAt(0))))
    },
    paste: (text) => terminal.paste(stripEscapes(text)),
    key: (key) => terminal.input(sequenceOf(key, terminal.modes.applicationCursorKeysMode)),
    armCtrl: (is, done) => {
      held = is ? done : null
    },
  }
}

/** Renders with WebGL if available; otherwise in the DOM. */
function enableWebgl(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon()
    webgl.onContextLoss(() => webgl.dispose())
    terminal.loadAddon(webgl)
  } catch {
    // The DOM renderer is slower, but has no requirements.
  }
}

function isSearchKey(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'f'
}

function pasteClean(event: ClipboardEvent, terminal: Terminal): void {
  event.preventDefault()
  event.stopPropagation()
  terminal.paste(stripEscapes(event.clipboardData?.getData('text/plain') ?? ''))
}

/** Removes escape characters: pasted text could end its own bracketed paste and be run as typed. */
function stripEscapes(text: string): string {
  return text.replaceAll('\u001b', '').replaceAll('\u009b', '')
}

function screenText(terminal: Terminal): string {
  const { active } = terminal.buffer
  const rows = Array.from({ length: terminal.rows }, (_, row) =>
    active.getLine(active.baseY + row)?.translateToString(true),
  )
  return rows.join('\n').trimEnd()
}

function sequenceOf(key: string, isApplication: boolean): string {
  const arrow = { up: 'A', down: 'B', right: 'C', left: 'D' }[key]
  if (arrow) return `\u001b${isApplication ? 'O' : '['}${arrow}`
  return { esc: '\u001b', tab: '\t', interrupt: '\u0003' }[key] ?? key
}

/** Maps a character to its control character: `c` to ^C. */
function toControl(text: string): string {
  return /^[a-z@[\\\]^_]$/i.test(text)
    ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f)
    : text
}

function themeOf(style: CSSStyleDeclaration) {
  const colour = (name: string) => style.getPropertyValue(`--term-${name}`).trim()
  const [red, green, yellow, blue, cyan] = ['red', 'green', 'yellow', 'blue', 'cyan'].map(colour)
  return {
    background: style.getPropertyValue('--term').trim(),
    foreground: colour('ink'),
    cursor: colour('cursor'),
    selectionBackground: '#3a5763',
    black: '#2b302e',
    brightBlack: colour('dim'),
    red,
    brightRed: red,
    green,
    brightGreen: green,
    yellow,
    brightYellow: yellow,
    blue,
    brightBlue: blue,
    cyan,
    brightCyan: cyan,
    magenta: '#c9a0dc',
    brightMagenta: '#d9b8e8',
    white: '#c4c8c4',
    brightWhite: '#ffffff',
  }
}
