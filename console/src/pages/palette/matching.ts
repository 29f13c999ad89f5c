/** Finds commands by their names in both languages, even with typos. */
import UFuzzy from '@leeoniya/ufuzzy'

const HAN = /\p{Script=Han}/u
// Ranges instead of `\p{L}`, which makes patterns slow to compile: they have a class per letter.
const LETTERS = 'a-z\\u00c0-\\u024f\\u3400-\\u9fff'
const WORD = {
  interSplit: `[^A-Z${LETTERS}\\d']+`,
  interBound: `[^A-Z${LETTERS}\\d]`,
  intraChars: `[${LETTERS}\\d']`,
  intraMode: 1,
} as const
const EXACT = {
  intraSlice: [0, Infinity] as [number, number],
  intraIns: 0,
  intraSub: 0,
  intraTrn: 0,
  intraDel: 0,
} as const
const MAX_REORDERED_WORDS = 3
/** The names in both languages; those behind them are only other words that find an item. */
const SHOWN_NAMES = 2

const exact = new UFuzzy({ ...WORD, intraRules: () => EXACT })
// Chinese has no spaces. Elsewhere, a misspelled word resembles the middle of too many others.
const tolerantAnywhere = new UFuzzy({ ...WORD, intraRules: toleratedErrors })
const tolerantAtStart = new UFuzzy({ ...WORD, intraRules: toleratedErrors, interLft: 2 })

/** Returns the number of errors of each kind that a word may have: one in all, anywhere. Chinese
 *  words have few characters, of which an input method confuses one. */
function toleratedErrors(word: string) {
  const [short, long] = HAN.test(word) ? [2, 3] : [3, 4]
  const is = (minimum: number) => (word.length >= minimum ? 1 : 0)
  const [some, all] = [is(short), is(long)] as (0 | 1)[]
  const canSubstitute = HAN.test(word) ? some : all
  return {
    ...EXACT,
    intraIns: all,
    intraSub: canSubstitute,
    intraTrn: some,
    intraDel: all,
  } as never
}

export type Matches<T> = {
  /** A word of their names begins with what you typed. */
  best: T[]
  others: T[]
}

/** Returns the items that match, best first. `namesOf` returns an item's names. */
export function matchItems<T>(
  items: T[],
  typed: string,
  namesOf: (item: T) => string[],
): Matches<T> {
  // These have a meaning of their own for the matcher.
  const q = typed.replaceAll(/["-]/g, ' ').trim()
  if (q === '') return { best: [], others: typed.trim() === '' ? items : [] }
  const names = items.map(namesOf)
  const texts = names.map((few) => few.join(' | '))
  const tolerant = HAN.test(q) ? tolerantAnywhere : tolerantAtStart
  const found = search(exact, texts, q) ?? search(tolerant, texts, q) ?? []
  const { start, wordStart } = startPatterns(q)
  const has = (place: number, pattern: RegExp | null) =>
    pattern !== null && (names[place] ?? []).slice(0, SHOWN_NAMES).some((one) => pattern.test(one))
  const starting = found.filter((place) => has(place, start))
  const within = found.filter((place) => has(place, wordStart) && !starting.includes(place))
  const best = [...starting, ...within]
  const at = (place: number) => items[place] as T
  return {
    best: best.map(at),
    others: found.filter((place) => !best.includes(place)).map(at),
  }
}

/** Returns positions in `names`, best first; null if nothing matches. */
function search(matcher: UFuzzy, names: string[], q: string): number[] | null {
  const [places, info, order] = matcher.search(names, q, MAX_REORDERED_WORDS)
  if (!places || places.length === 0) return null
  return info && order ? order.map((place) => info.idx[place] as number) : places
}

/** Returns what the start of a name, and of a word, looks like. Null for a single letter, which
 *  begins too many; Chinese has no spaces between words. */
function startPatterns(q: string) {
  if (q.length < 2 && !HAN.test(q)) return { start: null, wordStart: null }
  const escaped = q.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const before = HAN.test(q) ? '' : '(?<![\\p{L}\\d])'
  return { start: new RegExp(`^${escaped}`, 'iu'), wordStart: new RegExp(before + escaped, 'iu') }
}
