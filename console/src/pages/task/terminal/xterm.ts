/** xterm, as it may be used here: what an agent prints shows, and does nothing else. */
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
  /** What would have room in a place of that many pixels. */
  proposeDimensions: (width: number, height: number) => { cols: number; rows: number } | undefined
  fontSize: (pixels: number) => void
  setInputEnabled: (can: boolean) => void
  find: (words: string, back?: boolean) => void
  onSearchResult: (listener: (found: { at: number; of: number }) => void) => void
  clearSearch: () => void
  onInput: (listener: (bytes: Uint8Array<ArrayBuffer>) => void) => void
  /** What is chosen, else the screen. */
  text: () => string
  paste: (text: string) => void
  focus: () => void
  key: (key: string) => void
  /** Whether the next letter is one with Ctrl; `done` is called when it was. */
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
    allowProposedApi: true, // unicode 11, and decorations of what is found
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
  // The clipboard, the title and the folder are not a program's to set.
  for (const code of [0, 1, 2, 7, 52]) terminal.parser.registerOscHandler(code, () => true)
  terminal.open(place)
  enableWebgl(terminal)
  terminal.textarea?.setAttribute('aria-label', wishes.name)
  return terminal
}

/** Whether a key is the terminal's, and not the page's. */
function takesKey(event: KeyboardEvent, terminal: Terminal, wishes: XtermOptions): boolean {
  if (event.ctrlKey && event.shiftKey && event.key === 'Escape') {
    if (event.type === 'keydown') wishes.leave()
    return false
  }
  // Who watches types nothing: Tab leads on, as everywhere.
  if (event.key === 'Tab' && terminal.options.disableStdin) return false
  if (isSearchKey(event)) {
    event.preventDefault()
    if (event.type === 'keydown') wishes.search()
    return false
  }
  // What is chosen is copied by the browser; else it is the program's ^C.
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

/** By the graphics card where there is one; else by the document. */
function enableWebgl(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon()
    webgl.onContextLoss(() => webgl.dispose())
    terminal.loadAddon(webgl)
  } catch {
    // Its other way of drawing is slower and needs nothing.
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

/** Without escape sequences: a pasted text could end the brackets around it, and be typed. */
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

/** `c` as ^C. */
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
