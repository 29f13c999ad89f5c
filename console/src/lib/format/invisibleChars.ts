import { ARABIC, EMOJI, HIDDEN, VIRAMAS } from './unicodeTables'

const [ZWNJ, ZWJ, EMOJI_STYLE] = ['\u200c', '\u200d', '\ufe0f']
const TONE = '\u{1f3fb}-\u{1f3ff}'
const MAX_JOINED = 4 // elements of the longest sequence

const hiddenClass = `[${charClass(HIDDEN)}]`
const isHidden = new RegExp(hiddenClass, 'u')
const allHidden = new RegExp(hiddenClass, 'gu')

/** Replaces characters that are invisible or reorder others by symbols: `⟨U+202E⟩`. Keeps emoji
 *  that Unicode lists, and joiners that change how a word is written. Same rule as
 *  `muster/text/invisible_chars.py`; both are tested with the same cases. */
export function revealInvisible(text: string): string {
  return isHidden.test(text) ? text.replace(getRule().candidates, revealCandidate) : text
}

/** Does the same for a text in chunks, each judged within the whole text. */
export function revealInvisibleParts(pieces: string[]): string[] {
  const whole = pieces.join('')
  if (!isHidden.test(whole)) return pieces
  const revealed = pieces.map(() => '')
  const ends: number[] = []
  for (const piece of pieces) ends.push((ends.at(-1) ?? 0) + piece.length)
  let at = 0
  let piece = 0
  const append = (text: string, length: number) => {
    while (at >= (ends[piece] ?? Number.POSITIVE_INFINITY)) piece += 1
    revealed[piece] += text
    at += length
  }
  const appendEach = (text: string) => {
    for (const unit of text.split('')) append(unit, 1)
  }
  for (const found of whole.matchAll(getRule().candidates)) {
    appendEach(whole.slice(at, found.index))
    const [was] = found
    const now = revealCandidate(was)
    if (now === was) appendEach(was)
    else appendSymbols(was, now, append)
  }
  appendEach(whole.slice(at))
  return revealed
}

/** Appends a replaced candidate, character by character. */
function appendSymbols(was: string, now: string, put: (text: string, length: number) => void) {
  let rest = now
  for (const one of was) {
    const symbol = symbolOf(one)
    const text = rest.startsWith(symbol) ? symbol : one
    put(text, one.length)
    rest = rest.slice(text.length)
  }
}

function symbolOf(one: string): string {
  const number = (one.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return `⟨U+${number.padStart(4, '0')}⟩`
}

function revealAll(text: string): string {
  return text.replace(allHidden, symbolOf)
}

/** Replaces a candidate: emoji with joiners, letters up to a joiner, or one invisible character. */
function revealCandidate(text: string): string {
  const { emoji, whole } = getRule()
  const isOne = [...text].length === 1
  if (!isOne && (text.endsWith(ZWNJ) || text.endsWith(ZWJ) || whole.has(text))) return text
  if (isOne || !isHidden.test(text)) return revealAll(text)
  const isListed = (elements: string[]) => {
    const sequence = elements.join(ZWJ)
    return !isHidden.test(sequence) || emoji.has(withoutTones(sequence))
  }
  const elements = text.split(ZWJ)
  const revealed: string[] = []
  for (let at = 0; at < elements.length; ) {
    let count = Math.min(MAX_JOINED, elements.length - at)
    while (count > 0 && !isListed(elements.slice(at, at + count))) count -= 1
    const sequence = elements.slice(at, at + Math.max(count, 1)).join(ZWJ)
    revealed.push(count > 0 ? sequence : revealAll(sequence))
    at += Math.max(count, 1)
  }
  return revealed.join(symbolOf(ZWJ))
}

/** Replaces the first skin tone by T, and a second one that differs by U. */
function withoutTones(text: string): string {
  const [first, second] = new Set(text.match(new RegExp(`[${TONE}]`, 'gu')))
  const once = first ? text.replaceAll(first, 'T') : text
  return second ? once.replaceAll(second, 'U') : once
}

type Rule = { emoji: Set<string>; whole: Set<string>; candidates: RegExp }
let cachedRule: Rule | undefined

/** Compiles the rule on first use, because most texts have no hidden characters. */
function getRule(): Rule {
  cachedRule ??= makeRule()
  return cachedRule
}

function makeRule(): Rule {
  const emoji = new Set(
    EMOJI.split(',').map((signs) => signs.trim().split(/\s+/).map(parseSign).join('')),
  )
  // Keycaps and flags of regions, which are not an emoji with a suffix.
  const whole = new Set([...emoji].filter((one) => /[\u20e3\u{e007f}]/u.test(one)))
  const bases = new Set([...emoji].filter((one) => !whole.has(one)).flatMap((one) => [...one]))
  for (const sign of ['T', 'U', ZWJ, EMOJI_STYLE]) bases.delete(sign)
  const element = `[${[...bases].join('')}][${TONE}]?${EMOJI_STYLE}?`
  const candidates = [
    ...[...whole].map((one) => one.replace('*', '\\*')),
    `${element}(?:${ZWJ}${element})*`,
    arabicJoiner(),
    ...viramaJoiners(),
    hiddenClass,
  ]
  return { emoji, whole, candidates: new RegExp(candidates.join('|'), 'gu') }
}

function parseSign(sign: string): string {
  if (sign === 'T' || sign === 'U') return sign
  return sign === 'J' ? ZWJ : sign === 'V' ? EMOJI_STYLE : charOf(sign)
}

/** Matches a ZWNJ between two letters that would join (UAX 31, rule A1). */
function arabicJoiner(): string {
  const [before, after, marks] = ARABIC.split(',').map(charClass)
  return `[${before}][${marks}]*${ZWNJ}(?=[${marks}]*[${after}])`
}

/** Matches a joiner after a virama (UAX 31, rules A2 and B), or a ZWJ between a letter and a
 *  virama. */
function viramaJoiners(): string[] {
  return VIRAMAS.split(';').map((script) => {
    const [letters, marks, viramas] = script.split(',').slice(1).map(charClass)
    const after = `(?:${ZWNJ}(?=[${letters}])|${ZWJ}(?![${marks}]))`
    return `[${letters}](?:[${marks}]*(?<=[${viramas}])${after}|${ZWJ}(?=[${viramas}][${letters}]))`
  })
}

/** Converts ranges such as `8E2 115F-1160` to the inside of a character class. */
function charClass(ranges: string): string {
  const spans = ranges.trim().split(/\s+/)
  return spans.map((span) => span.split('-').map(escapeCodePoint).join('-')).join('')
}

function charOf(number: string): string {
  return String.fromCodePoint(Number.parseInt(number, 16))
}

function escapeCodePoint(number: string): string {
  return `\\u{${number}}`
}
