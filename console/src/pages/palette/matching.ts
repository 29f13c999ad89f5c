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

const exact = new UFuzzy({ ...WORD, intraRules: () => EXACT })
const tolerant = new UFuzzy({ ...WORD, intraRules: toleratedErrors })

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
  /** A word of theirs begins with what you typed. */
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
  const names = items.map((item) => namesOf(item).join(' | '))
  const found = search(exact, names, q) ?? search(tolerant, names, q) ?? []
  const starts = wordStarts(q)
  const isBest = (place: number) => starts?.test(names[place] ?? '') ?? false
  const at = (place: number) => items[place] as T
  return {
    best: found.filter(isBest).map(at),
    others: found.filter((place) => !isBest(place)).map(at),
  }
}

/** Returns positions in `names`, best first; null if nothing matches. */
function search(matcher: UFuzzy, names: string[], q: string): number[] | null {
  const [places, info, order] = matcher.search(names, q, MAX_REORDERED_WORDS)
  if (!places || places.length === 0) return null
  return info && order ? order.map((place) => info.idx[place] as number) : places
}

/** Null for a single letter, which begins too many words. Chinese has no spaces between words. */
function wordStarts(q: string): RegExp | null {
  if (q.length < 2 && !HAN.test(q)) return null
  const escaped = q.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(HAN.test(q) ? escaped : `(?<![\\p{L}\\d])${escaped}`, 'iu')
}
