import { SCRIPTS } from './unicodeTables'

export type MixedIdentifier = {
  from: number
  to: number
  /** The scripts' short names, for `Intl.DisplayNames`. */
  scripts: string[]
}

const IDENTIFIER = /[$\p{ID_Continue}\u200c\u200d]+/gu
const IS_PLAIN = /^\p{ASCII}*$/u
/** The combinations of scripts that UTS 39 allows in *highly restrictive* identifiers. */
const ALLOWED_SCRIPT_SETS = [
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
]

/** Finds identifiers that mix scripts, so their letters may look like others. Same rule as
 *  `muster/text/mixed_scripts.py`; both are tested with the same cases. */
export function findMixedScripts(text: string): MixedIdentifier[] {
  if (IS_PLAIN.test(text)) return []
  return [...text.matchAll(IDENTIFIER)].flatMap(({ 0: identifier, index: from }) =>
    isMixed(identifier)
      ? [{ from, to: from + identifier.length, scripts: scriptsIn(identifier) }]
      : [],
  )
}

function isMixed(identifier: string): boolean {
  if (IS_PLAIN.test(identifier)) return false
  const ofLetters = [...identifier].map(scriptsOf).filter((scripts) => scripts.length > 0)
  const isOfOne = (ofLetters[0] ?? []).some((script) =>
    ofLetters.every((of) => of.includes(script)),
  )
  if (ofLetters.length === 0 || isOfOne) return false
  return !ALLOWED_SCRIPT_SETS.some((group) =>
    ofLetters.every((scripts) => scripts.some((script) => group.includes(script))),
  )
}

function scriptsIn(identifier: string): string[] {
  const single = [...identifier].map(scriptsOf).filter((scripts) => scripts.length === 1)
  return [...new Set(single.flat())]
}

const scriptCache = new Map<string, string[]>()
let table: [script: string, ranges: [from: number, to: number][]][] | undefined

/** Returns the scripts that use a letter; none if it is common to all. */
function scriptsOf(char: string): string[] {
  let scripts = scriptCache.get(char)
  if (!scripts) {
    table ??= SCRIPTS.split(',').map((row) => {
      const [script = '', ...ranges] = row.trim().split(/\s+/)
      return [script, ranges.map(rangeOf)]
    })
    const point = char.codePointAt(0) ?? 0
    scripts = table
      .filter(([, ranges]) => ranges.some(([from, to]) => from <= point && point <= to))
      .map(([script]) => script)
    scriptCache.set(char, scripts)
  }
  return scripts
}

function rangeOf(span: string): [number, number] {
  const [from = '', to = from] = span.split('-')
  return [Number.parseInt(from, 16), Number.parseInt(to, 16)]
}
